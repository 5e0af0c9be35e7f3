import Bytes
import Tensors

/// A model that cannot be split among as many ranks as asked for.
enum PartitionError: IngotError {
  case outOfRange(option: String, found: Int, maximum: Int)
  /// Hyperparameters that the count does not divide, and the counts that divide all.
  case indivisible(option: String, count: Int, [(name: String, value: Int)], possible: [Int])
  /// Megatron-LM has biases in all matrices of a layer or in none.
  case someBiases(attention: Bool, feedForward: Bool)

  var category: ErrorCategory {
    switch self {
    case .outOfRange, .indivisible: .usage
    case .someBiases: .input
    }
  }

  private static let listedCount = 8

  var description: String {
    switch self {
    case .outOfRange(let option, let found, let maximum):
      "\(option) \(found): expected a number from 1 to \(maximum.grouped)"
    case .indivisible(let option, let count, let numbers, let possible):
      "\(option) \(count): does not divide \(numbers.map { "\($0.name) \($0.value.grouped)" }.joined(separator: ", ")) (expected "
        + "\(possible.prefix(Self.listedCount).map { "\($0)" }.joined(separator: ", "))"
        + "\(possible.count > Self.listedCount ? ", …" : ""))"
    case .someBiases(let attention, let feedForward):
      "attention_bias is \(attention) and mlp_bias \(feedForward), expected the same, since Megatron-LM has biases in all matrices"
        + " or in none"
    }
  }
}

import Architectures
import Bytes

/// A reason why a forward pass cannot be computed.
public enum InferenceError: IngotError, Equatable {
  /// There is nothing to compute.
  case noTokens
  /// A token that the model does not have.
  case tokenOutOfRange(token: Int, position: Int, vocabularySize: Int)
  /// A count or length that is not positive.
  case notPositive(name: String, value: Int)
  /// A count or length, or a product of some, that exceeds any memory.
  case tooLarge(name: String)
  /// A number of query heads that is not a multiple of the key–value heads.
  case unevenHeads(headCount: Int, keyValueHeadCount: Int)
  /// A rotary dimension that is odd or exceeds the head.
  case rotaryDimension(dimensionCount: Int, headDimension: Int)
  /// A value outside its range.
  case outOfRange(name: String, value: Double, expected: String)
  /// Frequencies or factors that came out infinite or not a number.
  case rotaryNotFinite(RotaryEmbedding)
  /// LongRoPE factors, of which each pair needs one.
  case rotaryFactorCount(expected: Int, found: Int)
  /// An output that the model does not have: logits or an embedding.
  case hasNo(output: String)
  /// More tokens than the position embedding has rows.
  case tooManyPositions(count: Int, contextLength: Int)
  /// A tensor that the forward pass needs; `layer` is nil outside layers.
  case missingTensor(TensorRole, layer: Int?)
  /// Fewer values than the shape needs.
  case tooFewValues(TensorRole, layer: Int?, expected: Int, found: Int)
  /// A layer that uses keys and values of an earlier one, of which none was computed.
  case missingKeyValues(layer: Int)

  public var category: ErrorCategory {
    switch self {
    case .noTokens, .tokenOutOfRange, .hasNo, .tooManyPositions: .usage
    default: .input
    }
  }
}

extension InferenceError {
  public var description: String {
    switch self {
    case .noTokens: "tokens: none were given, expected at least one"
    case .tokenOutOfRange(let token, let position, let vocabularySize):
      "tokens: \(token.grouped) at position \(position.grouped) is outside the vocabulary of \(vocabularySize.grouped)"
    case .notPositive(let name, let value): "\(name): is \(value.grouped), expected at least 1"
    case .tooLarge(let name): "\(name): is too large for a forward pass"
    case .unevenHeads(let headCount, let keyValueHeadCount):
      "head count: is \(headCount.grouped), expected a multiple of the \(keyValueHeadCount.grouped) key-value heads"
    case .rotaryDimension(let dimensionCount, let headDimension):
      "rotary dimension count: is \(dimensionCount.grouped), expected an even number from 2 to the head dimension "
        + headDimension.grouped
    case .outOfRange(let name, let value, let expected): "\(name): is \(value), expected \(expected)"
    case .rotaryNotFinite(let rotary):
      "rotary embedding: base \(rotary.base) with this scaling gives frequencies that are not finite"
    case .rotaryFactorCount(let expected, let found):
      "rotary embedding: has \(counted(found, "divisor")) of frequencies, expected \(expected.grouped)"
    case .hasNo(let output): "forward pass: this model has no \(output)"
    case .tooManyPositions(let count, let contextLength):
      "tokens: \(count.grouped) are more than the \(contextLength.grouped) positions of the model"
    case .missingTensor(let role, let layer): "\(Self.place(role, layer)): is missing"
    case .missingKeyValues(let layer):
      "layer \(layer.grouped): needs keys and values of an earlier layer, but none was computed"
    case .tooFewValues(let role, let layer, let expected, let found):
      "\(Self.place(role, layer)): has \(counted(found, "number")) but \(expected.grouped) were expected"
    }
  }

  private static func place(_ role: TensorRole, _ layer: Int?) -> String {
    let tensor = "tensor \(role.rawValue.quoted)"
    return layer.map { "\(tensor) of layer \($0.grouped)" } ?? tensor
  }
}

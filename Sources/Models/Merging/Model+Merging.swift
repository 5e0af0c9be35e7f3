import Bytes
import Tensors
import Tokenization

extension Model {
  /// A model and its weight in a sum.
  public struct Weighted: Sendable {
    public let model: Model
    public let weight: Float

    public init(_ model: Model, weight: Float) {
      self.model = model
      self.weight = weight
    }
  }

  /// Returns the model whose weights are the weighted sum of this model's and the others', with the other files of this one;
  /// without a weight of its own, this model with the weighted differences of the others from it added.
  ///
  /// - Throws: `ProblemList` with all tensors that not all of them have, or that have other shapes; `LocatedError` if their
  ///   tokenizers differ.
  public func merging(_ others: [Weighted], ownWeight: Float?) throws -> Model {
    var merged = self, parts: [TensorSlot: [MergedUpdate.Part]] = [:]
    for other in others {
      for counterpart in try counterparts(in: other.model, for: .merge) {
        parts[counterpart.slot, default: []].append(.init(reader: counterpart.reader, weight: other.weight))
      }
      try requireSameTokens(other.model)
      merged.checkpoint = merged.checkpoint.adding(other.model.checkpoint.files)
    }
    for slot in slots where location(slot) != nil {
      merged.locations[slot]?.adaptation.updates.append(
        MergedUpdate(ownWeight: ownWeight, parts: parts[slot] ?? []))
    }
    let names = others.map(\.model.checkpoint.path.escapedForDisplay).joined(separator: ", ")
    merged.remarks.append(
      ownWeight == nil ? "differences of \(names) from the base are added" : "weights of \(names) are merged")
    return merged
  }

  /// Throws unless both models have the same tokens, or one of them none.
  private func requireSameTokens(_ other: Model) throws {
    guard let own = try vocabulary()?.vocabulary.tokens, let tokens = try other.vocabulary()?.vocabulary.tokens else {
      return
    }
    func failure(_ error: PairingError) -> LocatedError { LocatedError(path: other.checkpoint.path, reason: error) }
    for id in 0..<min(own.count, tokens.count) where own[id] != tokens[id] {
      throw failure(
        .tokens(
          id: id, own: String(decoding: own[id], as: UTF8.self), other: String(decoding: tokens[id], as: UTF8.self))
      )
    }
    guard own.count == tokens.count else { throw failure(.tokenCounts(own: own.count, other: tokens.count)) }
  }
}

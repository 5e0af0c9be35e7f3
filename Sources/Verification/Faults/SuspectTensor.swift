import Architectures
import Models

/// A tensor of a candidate with an error that its storage format does not explain, and the reference's in the same slot.
struct SuspectTensor: Sendable {
  let slot: TensorSlot
  let reference: ModelWeights, candidate: ModelWeights
  /// `[rows, columns]` or `[elements]`; empty if the hyperparameters do not give it.
  let shape: [Int]

  /// Rows that are compared, if the tensor has that many.
  private static let sampleCount = 16
  /// 2⁶⁴ divided by the golden ratio: its multiples, wrapped, are spread evenly and never in step with heads or blocks.
  private static let goldenStep: UInt64 = 0x9E37_79B9_7F4A_7C15

  init(_ slot: TensorSlot, reference: ModelWeights, candidate: ModelWeights) {
    self.slot = slot
    self.reference = reference
    self.candidate = candidate
    shape = reference.shape(of: slot) ?? []
  }

  var isMatrix: Bool { shape.count == 2 }

  /// The heads within which RoPE permutes the rows; nil for tensors without heads.
  var rotaryHeadCount: Int? {
    let headCount: Int
    switch slot.role {
    case .attentionQuery, TensorRole.attentionQuery.bias: headCount = max(1, candidate.hyperparameters.headCount)
    case .attentionKey, TensorRole.attentionKey.bias:
      let numbers = slot.layer.map(candidate.hyperparameters.at) ?? candidate.hyperparameters
      headCount = max(1, numbers.keyValueHeadCount)
    default: return nil
    }
    return !shape.isEmpty && shape[0] % (2 * headCount) == 0 ? headCount : nil
  }

  /// Returns the error that a correction leaves in the sampled rows, as a share of the reference's energy.
  func error(of correction: any TensorCorrection, sampleCount: Int = Self.sampleCount) throws -> Double {
    try error(of: patched(correction), from: reference, sampleCount: sampleCount)
  }

  /// Returns how far the candidate's matrix is from what `correction` gives, as a share of the latter's energy.
  func distance(to correction: any TensorCorrection) throws -> Double {
    guard isMatrix else { return .infinity }
    return try error(of: patched(CandidateTensor()), from: patched(correction), sampleCount: Self.sampleCount)
  }

  private func patched(_ correction: any TensorCorrection) -> PatchedWeights {
    var weights = PatchedWeights(candidate, reference: reference)
    weights.corrections[slot] = correction
    return weights
  }

  private func error(
    of weights: some WeightSource, from other: some WeightSource, sampleCount: Int
  ) throws -> Double {
    let rowCount = isMatrix ? shape[0] : 1, width = shape.last ?? 0
    var metrics = ErrorMetrics()
    var wanted: [Float] = [], found: [Float] = []
    for index in 1...sampleCount {
      let start = Int((UInt64(index) &* Self.goldenStep).multipliedFullWidth(by: UInt64(rowCount)).high)
      try other.readRows(slot, rows: start..<start + 1, into: &wanted)
      try weights.readRows(slot, rows: start..<start + 1, into: &found)
      guard wanted.count >= width, found.count >= width else { return .infinity }
      metrics.merge(
        ErrorMetrics(reference: wanted.span.extracting(0..<width), candidate: found.span.extracting(0..<width)))
    }
    return metrics.nonfiniteMismatchCount > 0 ? .infinity : metrics.normalizedMeanSquareError
  }
}

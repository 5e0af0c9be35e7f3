import Architectures

/// Rows of queries or keys lack the RoPE permutation of their naming scheme, or have it twice.
struct RotaryPermutationFault: KnownFault {
  let id = FaultID.rotaryPermutation
  let summary = "rows of Q or K lack the RoPE permutation of the naming scheme, or have it applied twice"
  let detection = FaultDetection.sampledRows

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    guard let headCount = tensor.rotaryHeadCount else { return [] }
    let slot = tensor.slot, rowCount = tensor.shape[0]
    let order = RowOrder.interleaved(headCount: headCount)
    return [
      FaultHypothesis(
        self, slot, "lacks the RoPE permutation of its naming scheme",
        correction: RelocatedRows { (slot, order.canonicalRow(ofStored: $0, rowCount: rowCount)) }),
      FaultHypothesis(
        self, slot, "has the RoPE permutation applied twice",
        correction: RelocatedRows { (slot, order.storedRow(ofCanonical: $0, rowCount: rowCount)) }),
    ]
  }
}

extension FaultID {
  public static let rotaryPermutation = Self("rotary_permutation")
}

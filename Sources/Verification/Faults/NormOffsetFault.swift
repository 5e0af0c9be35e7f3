/// The weights of a norm are off by 1: formats differ in whether they store them with the +1 of the formula.
struct NormOffsetFault: KnownFault {
  let id = FaultID.normOffset
  let summary = "the weights of a norm are off by 1: the +1 of Gemma's norms was applied twice, or is missing"
  let detection = FaultDetection.sampledRows

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    guard tensor.shape.count == 1 else { return [] }
    return [
      FaultHypothesis(
        self, tensor.slot, "is too large by 1: the +1 of this norm was applied twice",
        correction: ChangedElements { $0 - 1 }),
      FaultHypothesis(
        self, tensor.slot, "is too small by 1: the +1 of this norm is missing", correction: ChangedElements { $0 + 1 }),
    ]
  }
}

extension FaultID {
  public static let normOffset = Self("norm_offset")
}

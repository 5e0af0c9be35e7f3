/// The weights differ in no known way; the reference's tensor shows what the difference does.
struct WeightsFault: KnownFault {
  let id = FaultID.weights
  let summary = "the weights differ in no known way; the run shows the effect"
  let detection = FaultDetection.lastResort
  let correctionWords = "the reference's tensor"

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    [FaultHypothesis(self, tensor.slot, "has other weights than the reference", correction: ReferenceTensor())]
  }
}

extension FaultID {
  public static let weights = Self("weights")
}

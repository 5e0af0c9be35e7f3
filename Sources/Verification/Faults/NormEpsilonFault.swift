/// The epsilon of the norms differs.
struct NormEpsilonFault: KnownFault {
  let id = FaultID.normEpsilon
  let summary = "the epsilon of the norms differs"
  let detection = FaultDetection.hyperparameters

  var hyperparameters: [HyperparameterProbe] { [HyperparameterProbe("norm epsilon", \.normEpsilon) { "\(Float($0))" }] }
}

extension FaultID {
  public static let normEpsilon = Self("norm_epsilon")
}

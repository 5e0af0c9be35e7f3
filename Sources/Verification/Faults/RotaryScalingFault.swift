import Architectures

/// The scaling of the rotary embedding differs, or how many elements of a head it rotates.
struct RotaryScalingFault: KnownFault {
  let id = FaultID.rotaryScaling
  let summary = "the RoPE scaling differs, or the number of elements that are rotated"
  let detection = FaultDetection.hyperparameters

  var hyperparameters: [HyperparameterProbe] {
    [
      // As config.json states it.
      HyperparameterProbe("rotary scaling", \.rotary.scaling) { $0.configurationMember?.text(.compact) ?? "none" },
      HyperparameterProbe("rotary dimension", \.rotary.dimensionCount) { "\($0)" },
    ]
  }

  func hypotheses(about models: HyperparameterPair) -> [HyperparameterHypothesis] {
    var candidate = models.candidate
    // A GGUF stores only the factors of llama3, which may be right although the base is not.
    if case .longrope(let scaling) = candidate.rotary.scaling, scaling.hasFixedFactors,
      scaling.shortFactors == Llama3RopeFactors.factors(models.reference.rotary)?.map(RotaryScaling.shortest)
    {
      candidate.rotary.scaling = models.reference.rotary.scaling
    }
    let models = HyperparameterPair(reference: models.reference, candidate: candidate)
    return hyperparameters.compactMap { $0.hypothesis(self, models) }
  }
}

extension FaultID {
  public static let rotaryScaling = Self("rotary_scaling")
}

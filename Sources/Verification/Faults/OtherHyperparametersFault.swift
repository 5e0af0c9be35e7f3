import Architectures
import Bytes

/// Another hyperparameter differs.
struct OtherHyperparametersFault: KnownFault {
  let id = FaultID.hyperparameters
  let summary = "another hyperparameter differs that changes the output"
  let detection = FaultDetection.hyperparameters

  var hyperparameters: [HyperparameterProbe] {
    [
      HyperparameterProbe("sliding window", \.slidingWindow) { $0.map(String.init) ?? "none" },
      HyperparameterProbe("layers with a sliding window", \.windowedLayers) { layers in
        layers.map { $0.indices.filter { layers?[$0] == true }.map(String.init).joined(separator: ", ") } ?? "all"
      },
      HyperparameterProbe("layers that share keys and values", \.sharedKeyValueLayerCount) { count in
        "the last \(count ?? 0)"
      },
      HyperparameterProbe("activation", \.features.activation) { $0.rawValue },
      HyperparameterProbe("activation sparsity", \.gateCutoffs) { cutoffs in
        cutoffs.map { "above \($0.map { "\(Float($0))" }.joined(separator: ", ")) standard deviations" } ?? "none"
      },
      HyperparameterProbe("residual streams", \.altUp) { altUp in
        altUp.map {
          "\($0.streamCount), of which \($0.activeStream) is active\($0.scalesOutput ? "" : ", without an output scale")"
        } ?? "one"
      },
      HyperparameterProbe("router", \.experts) { $0?.routerWords ?? "none" },
      HyperparameterProbe("relative positions", \.relativePositions) { positions in
        positions.map { "\($0.bucketCount) buckets up to a distance of \($0.distanceLimit)" } ?? "none"
      },
      HyperparameterProbe("decoder start token", \.decoder) { $0.map { "\($0.startToken)" } ?? "none" },
      HyperparameterProbe("query temperature", \.queryTemperature) { temperature in
        temperature.map { "\(Float($0.scale)) after every \(counted($0.interval, "position"))" } ?? "none"
      },
      HyperparameterProbe("attention scale", \.scales.attention),
      HyperparameterProbe("attention softcap", \.scales.attentionSoftcap),
      HyperparameterProbe("maximum ALiBi bias", \.scales.alibiLimit) { "\(Float($0))" },
      HyperparameterProbe("QKV clamp", \.scales.projectionLimit),
      HyperparameterProbe("embedding scale", \.scales.embedding),
      HyperparameterProbe("residual scale", \.scales.residual),
      HyperparameterProbe("logit scale", \.scales.logit),
      HyperparameterProbe("logit divisor", \.scales.logitDivisor),
      HyperparameterProbe("logit softcap", \.scales.logitSoftcap),
    ]
  }

  func hypotheses(about models: HyperparameterPair) -> [HyperparameterHypothesis] {
    hyperparameters.compactMap { $0.hypothesis(self, models) } + (rest(models).map { [$0] } ?? [])
  }

  /// The hyperparameters that no fault tries alone, all at once.
  private func rest(_ models: HyperparameterPair) -> HyperparameterHypothesis? {
    let reference = models.reference
    var rest = models.candidate
    for probe in FaultRegistry.all.flatMap(\.hyperparameters) { probe.copy(reference, &rest) }
    rest.rotary = reference.rotary
    rest.contextLength = reference.contextLength
    rest.tiesEmbeddings = reference.tiesEmbeddings
    guard rest != reference else { return nil }
    return HyperparameterHypothesis(
      fault: self, name: "hyperparameters", words: "differ from the reference's", faulty: rest)
  }
}

extension FaultID {
  public static let hyperparameters = Self("hyperparameters")
}

extension Hyperparameters.Experts {
  /// What decides the choice and the weights of experts.
  fileprivate var routerWords: String {
    let groups = groupCount > 1 ? " in \(usedGroupCount) of \(groupCount) groups by the \(groupMeritCount) best" : ""
    let weights = "\(normalizesWeights ? "normalized" : "not normalized"), times \(Float(weightScale))"
    return "\(routerFunction) for \(usedCount) of \(count) experts\(groups), \(weights)"
  }
}

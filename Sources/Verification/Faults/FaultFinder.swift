import Architectures
import Models

/// Asks the known faults for the hypothesis that explains a tensor, or hyperparameters, best.
///
/// A sample of rows is enough for a hypothesis; running the layer with the correction decides.
struct FaultFinder {
  let reference: ModelWeights
  let candidate: ModelWeights
  let faults = FaultRegistry.all

  /// Returns the hypothesis that explains the tensor in `slot` best.
  func hypothesis(about slot: TensorSlot) throws -> FaultHypothesis? {
    let tensor = SuspectTensor(slot, reference: reference, candidate: candidate)
    return try first(.structure, tensor) ?? best(tensor) ?? first(.wholeTensor, tensor) ?? first(.lastResort, tensor)
  }

  /// Returns a hypothesis for each hyperparameter that differs, those that change every layer first.
  static func hypotheses(reference: Hyperparameters, candidate: Hyperparameters) -> [HyperparameterHypothesis] {
    let models = HyperparameterPair(reference: reference, candidate: candidate)
    return FaultRegistry.all.flatMap { $0.hypotheses(about: models) }
  }

  private func first(_ detection: FaultDetection, _ tensor: SuspectTensor) throws -> FaultHypothesis? {
    for fault in faults where fault.detection == detection {
      if let hypothesis = try fault.hypotheses(about: tensor).first { return hypothesis }
    }
    return nil
  }

  /// The hypothesis with the least error in the sampled rows, if it explains three quarters of the error there.
  private func best(_ tensor: SuspectTensor) throws -> FaultHypothesis? {
    guard !tensor.shape.isEmpty else { return nil }
    let limit = try tensor.error(of: CandidateTensor()) / 4
    var best: (hypothesis: FaultHypothesis, error: Double)?
    for fault in faults where fault.detection == .sampledRows {
      for hypothesis in try fault.hypotheses(about: tensor) {
        let highest = min(limit, best?.error ?? .infinity)
        // Most hypotheses fail in the first row.
        guard try tensor.error(of: hypothesis.correction, sampleCount: 1) < highest * 4 else { continue }
        let error = try tensor.error(of: hypothesis.correction)
        if error < highest { best = (hypothesis, error) }
      }
    }
    return best?.hypothesis
  }
}

import Bytes
import Inference

extension LogitComparison {
  /// Returns the findings about the predictions and the layers.
  func judged() -> [Finding] {
    var findings = predictions.findings(budget)
    let isBroken = findings.contains { [Predictions.bitsCheck, Predictions.limitCheck].contains($0.check) }
    if let state = firstDiverged {
      findings.append(
        Finding(
          isBroken ? .error : .warning, "verify.layer", .hiddenState(state.point),
          "is the first to diverge: NMSE \(state.hiddenState.normalizedMeanSquareError.metricText), above "
            + state.within(layerThreshold)))
    }
    return findings
  }
}

extension HiddenStateComparison {
  /// The threshold, and the errors of the sublayers.
  fileprivate func within(_ threshold: Double) -> String {
    let parts = ForwardPass.Sublayer.allCases.compactMap { stage in
      added[stage].map { "\(stage.words) output \($0.normalizedMeanSquareError.metricText)" }
    }
    return threshold.metricText + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
  }
}

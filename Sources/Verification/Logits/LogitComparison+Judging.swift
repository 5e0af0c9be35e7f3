import Bytes
import Inference
import Quantization

extension LogitComparison {
  private var isEmbedding: Bool { output == .embedding }

  /// Returns the value of a metric; nil for metrics of tensors.
  public func value(_ metric: Budget.Metric) -> Double? {
    switch metric {
    // An encoder predicts nothing, so it exceeds every limit on predictions.
    case .divergence where isEmbedding, .klP99 where isEmbedding, .maximumDivergence where isEmbedding,
      .topOneAgreement where isEmbedding:
      .nan
    case .divergence: divergence.mean
    case .klP99: divergence.p99
    case .maximumDivergence: divergence.maximum
    case .topOneAgreement: topOneAgreement
    case .nmse, .maximumAbsolute, .rmse, .cosine: logits.value(metric)
    }
  }

  /// Returns the findings about the values, the budget and the layers.
  func judged() -> [Finding] {
    var findings: [Finding] = []
    if nonfiniteCount > 0 {
      findings.append(
        Finding(
          .error, "verify.nonfinite", .output(output),
          "are NaN or infinite at \(nonfiniteCount.grouped) of \(counted(tokens.tokenCount, "position"))"))
    }
    if isEmbedding, logits.nonfiniteMismatchCount > 0 {
      findings.append(
        Finding(
          .error, "verify.nonfinite", .output(output),
          "has \(counted(logits.nonfiniteMismatchCount, "element")) that are NaN or infinite on one side only"))
    }
    var isBroken = false
    switch budget.rule {
    case .none: break
    case .sameBits where hasSameBits: break
    case .sameBits:
      isBroken = true
      findings.append(
        Finding(
          .error, "verify.bits", .output(output),
          "differ by up to \(logits.maximumAbsoluteError.metricText) (NMSE "
            + "\(logits.normalizedMeanSquareError.metricText)), expected the same bits because \(budget.reason)"))
    case .limits(let limits):
      for (limit, measured) in limits.violations(value) {
        isBroken = true
        findings.append(
          Finding(.error, "verify.budget", .output(output), "\(limit.words(measured)) (\(budget.reason))"))
      }
    }
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

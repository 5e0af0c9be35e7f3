import Bytes
import Inference
import Quantization

extension LogitComparison {
  private var isEmbedding: Bool { output != .logits }

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
      let fact =
        isEmbedding
        ? "has \(counted(nonfiniteCount, "element")) that are NaN or infinite, so they are not compared"
        : "are NaN or infinite at \(nonfiniteCount.grouped) of "
          + "\(counted(divergence.count + nonfiniteCount, "position")), which are not compared"
      findings.append(Finding(.error, "verify.nonfinite", .output(output), fact))
    }
    var isBroken = false
    switch budget.rule {
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
        isBroken = isBroken || !budget.isGiven
        findings.append(
          Finding(
            .error, budget.isGiven ? Self.budgetCheck : "verify.limit", .output(output),
            "\(limit.words(measured)) (\(budget.reason))"))
      }
    }
    findings += qualityFindings
    if let state = firstDiverged {
      findings.append(
        Finding(
          isBroken ? .error : .warning, "verify.layer", .hiddenState(state.point),
          "is the first to diverge: NMSE \(state.hiddenState.normalizedMeanSquareError.metricText), above "
            + state.within(layerThreshold)))
    }
    return findings
  }

  /// The check of the limits that the user gave, and that of the grade: those whose findings are about quality.
  static let budgetCheck = "verify.budget", qualityCheck = "verify.quality"

  /// A poor grade is a warning. A broken candidate fails, unless the user gave the limits.
  private var qualityFindings: [Finding] {
    let quality = quality
    guard quality.estimate >= .poor || quality.grade == .broken else { return [] }
    let severity: Finding.Severity = quality.estimate == .broken && !budget.isGiven ? .error : .warning
    let words = quality.estimate == .broken && budget.isGiven ? "\(quality.words); --budget decides" : quality.words
    return [Finding(severity, Self.qualityCheck, .quality, words)]
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

import Bytes
import Inference
import Quantization

extension LogitComparison {
  private var output: String { givesEmbedding ? "embedding" : "logits" }

  /// The value of a metric of logits; nil for the others.
  public func value(_ metric: Budget.Metric) -> Double? {
    switch metric {
    // An encoder keeps no limit on predictions, for it makes none.
    case .divergence where givesEmbedding, .klP99 where givesEmbedding,
      .maximumDivergence where givesEmbedding, .topOneAgreement where givesEmbedding:
      .nan
    case .divergence: divergence.mean
    case .klP99: divergence.percentile99
    case .maximumDivergence: divergence.maximum
    case .topOneAgreement: sameTopShare
    case .nmse, .maximumAbsolute, .rmse, .cosine: logits.value(metric)
    }
  }

  /// What the budget, the layers and the numbers themselves give to say.
  func judged() -> [Finding] {
    var findings: [Finding] = []
    if nonfiniteCount > 0 {
      findings.append(
        Finding(
          .error, "verify.nonfinite", place: output,
          "are NaN or infinite at \(nonfiniteCount.grouped) of \(counted(tokens.tokenCount, "position"))"))
    }
    if givesEmbedding, logits.nonfiniteMismatchCount > 0 {
      findings.append(
        Finding(
          .error, "verify.nonfinite", place: output,
          "\(counted(logits.nonfiniteMismatchCount, "element")) NaN or infinite on one side alone"))
    }
    var isBroken = false
    switch budget.rule {
    case .none: break
    case .sameBits where hasSameBits: break
    case .sameBits:
      isBroken = true
      findings.append(
        Finding(
          .error, "verify.bits", place: output,
          "differ by up to \(logits.maximumAbsoluteError.scientific) (NMSE "
            + "\(logits.normalizedMeanSquareError.scientific)), expected the same bits because \(budget.reason)"))
    case .limits(let limits):
      for (limit, measured) in limits.violations(value) {
        isBroken = true
        findings.append(
          Finding(
            .error, "verify.budget", place: output, "\(limit.words(measured)) (\(budget.reason))"))
      }
    }
    if let state = firstDiverged {
      findings.append(
        Finding(
          isBroken ? .error : .warning, "verify.layer", place: "\(state.place)",
          "is the first to diverge: NMSE \(state.state.normalizedMeanSquareError.scientific), above "
            + state.within(layerThreshold)))
    }
    return findings
  }
}

extension HiddenStateComparison {
  /// The threshold, and which part of the layer is further off.
  fileprivate func within(_ threshold: Double) -> String {
    let parts = ForwardPass.Sublayer.allCases.compactMap { stage in
      added[stage].map { "\(stage.words) output \($0.normalizedMeanSquareError.scientific)" }
    }
    return threshold.scientific + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
  }
}

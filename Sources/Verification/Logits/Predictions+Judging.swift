import Bytes

extension Predictions {
  /// The check of the limits that the user gave, and that of the grade: those whose findings are about quality.
  static let budgetCheck = "verify.budget", qualityCheck = "verify.quality"
  /// The checks of the limits that follow from storage formats.
  static let bitsCheck = "verify.bits", limitCheck = "verify.limit"

  /// Returns the findings about the values, the limits and the grade.
  func findings(_ budget: LogitBudget) -> [Finding] {
    nonfiniteFindings + limitFindings(budget) + qualityFindings(budget)
  }

  private var nonfiniteFindings: [Finding] {
    guard nonfiniteCount > 0 else { return [] }
    let fact =
      isEmbedding
      ? "has \(counted(nonfiniteCount, "element")) that are NaN or infinite, so they are not compared"
      : "are NaN or infinite at \(nonfiniteCount.grouped) of "
        + "\(counted(divergence.count + nonfiniteCount, "position")), which are not compared"
    return [Finding(.error, "verify.nonfinite", .output(output), fact)]
  }

  private func limitFindings(_ budget: LogitBudget) -> [Finding] {
    switch budget.rule {
    case .sameBits where hasSameBits: []
    case .sameBits:
      [
        Finding(
          .error, Self.bitsCheck, .output(output),
          "differ by up to \(logits.maximumAbsoluteError.metricText) (NMSE "
            + "\(logits.normalizedMeanSquareError.metricText)), expected the same bits because \(budget.reason)")
      ]
    case .limits(let limits):
      limits.violations(value).map { limit, measured in
        Finding(
          .error, budget.isGiven ? Self.budgetCheck : Self.limitCheck, .output(output),
          "\(limit.words(measured)) (\(budget.reason))")
      }
    }
  }

  /// A poor grade is a warning. A broken candidate fails, unless the user gave the limits.
  private func qualityFindings(_ budget: LogitBudget) -> [Finding] {
    let quality = quality
    guard quality.estimate >= .poor || quality.grade == .broken else { return [] }
    let severity: Finding.Severity = quality.estimate == .broken && !budget.isGiven ? .error : .warning
    let words = quality.estimate == .broken && budget.isGiven ? "\(quality.words); --budget decides" : quality.words
    return [Finding(severity, Self.qualityCheck, .quality, words)]
  }
}

import Bytes
import Quantization

/// The limits on errors of encoding.
public enum EncodingBudget: Sendable, Hashable {
  /// Those within the limits, for every tensor.
  case budget(Budget)
  /// The defaults of the storage format.
  case byFormat

  /// The limits for one tensor; nil if it has none.
  func limits(for tensor: PlannedTensor) -> Budget? {
    switch self {
    case .budget(let budget): budget
    case .byFormat: tensor.format.expectedErrors(encoding: tensor.sourceFormat)
    }
  }

  /// The limits by metric, or the word `auto`.
  var json: JSON {
    switch self {
    case .budget(let budget): budget.json
    case .byFormat: .string("auto")
    }
  }
}

/// A limit that a tensor does not keep.
public struct BudgetViolation: IngotError {
  /// The tensor.
  public let outcome: TensorOutcome
  /// The limit.
  public let limit: Budget.Limit
  /// The measured errors.
  public let measured: Double

  public var category: ErrorCategory { .check }

  public var description: String {
    "tensor \(outcome.tensor.name.text.quoted) as \(outcome.tensor.format): \(limit.words(measured))"
  }

  var json: JSON {
    .members([
      "tensor": .string(outcome.tensor.name.text), "metric": .string(limit.metric.rawValue),
      "measured": .real(measured), "limit": .real(limit.value),
    ])
  }
}

/// Errors beyond the budget; nothing was written.
public struct BudgetExceeded: IngotError {
  /// The path of the output that was not written.
  public let destination: String
  /// The measured errors.
  public let summary: ErrorSummary

  public var category: ErrorCategory { .check }

  public var description: String {
    let shown = summary.violations.prefix(ProblemList.shownCount)
    var lines = shown.map { "\(destination.escapedForDisplay): \($0)" }
    if summary.violations.count > shown.count {
      lines.append("… and \((summary.violations.count - shown.count).grouped) more errors beyond the budget")
    }
    lines.append(
      "\(destination.escapedForDisplay): is not written (give --budget a greater limit, or choose finer formats)")
    return lines.joined(separator: "\n")
  }
}

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

  /// How many times the limit is exceeded; for a minimum, by the distances from 1.
  var excess: Double {
    limit.metric.isLowerBound ? (1 - measured) / (1 - limit.value) : measured / limit.value
  }

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
    let path = destination.escapedForDisplay
    let advice = "(give --budget a greater limit, or choose finer formats)"
    guard let worst = summary.violations.max(by: { $0.excess < $1.excess }) else { return "\(path): is not written" }
    let count = Set(summary.violations.map(\.outcome.tensor.name)).count
    return count == 1
      ? "\(path): is not written: \(worst) \(advice)"
      : "\(path): is not written: \(counted(count, "tensor")) exceed the budget; worst: \(worst) \(advice)"
  }

  public var constituents: [any IngotError] {
    summary.violations.map { LocatedError(path: destination, reason: $0) }
  }
}

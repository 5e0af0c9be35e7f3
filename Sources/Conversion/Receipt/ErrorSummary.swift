import Bytes
import Quantization
import Tensors

/// The errors of a conversion: in all, by storage format, and the tensors with the greatest.
public struct ErrorSummary: Sendable {
  /// Tensors that went from the same format into the same.
  public struct Group: Sendable {
    /// The encoding of the input, in words, and the format of the output.
    public let from: String, to: StorageFormat
    /// The number of tensors.
    public var tensorCount = 0
    /// Their elements, also those that were not encoded.
    public var elementCount = 0
    /// Their bytes in the output.
    public var byteCount = 0
    /// The errors of those that were encoded, merged in the order of the output.
    public var errors = EncodingReport()
  }

  /// The outcome of each tensor, in the order of the output.
  public let outcomes: [TensorOutcome]
  /// By formats, in the order in which they first occur.
  public let groups: [Group]
  /// The errors of all.
  public let total: EncodingReport
  /// Σ NMSE over the tensors: the sum in which every matrix counts alike.
  public let summedNMSE: Double
  /// The tensors whose values changed, the greatest NMSE first.
  public let worst: [TensorOutcome]
  /// The budget; nil for none.
  public let budget: EncodingBudget?
  /// The tensors beyond the budget, in the order of the output.
  public let violations: [BudgetViolation]

  /// The tensors of which more than half is lost, in the order of `worst`: zeros in the place of values, or columns
  /// that were weighted by a damaged importance matrix. No format does that to a matrix that suits it.
  public var lost: [TensorOutcome] {
    worst.filter { ($0.report?.normalizedMeanSquareError ?? 0) >= Self.lossLimit }
  }

  /// The normalized mean square error from which on a tensor is lost; zeros in the place of all values have 1.
  private static let lossLimit = 0.5

  /// Lost tensors that a warning names; more are counted.
  private static let namedLossCount = 5

  /// One warning for the tensors that are lost; nil if there are none.
  public var lossWarning: String? {
    guard !lost.isEmpty else { return nil }
    let names = lost.prefix(Self.namedLossCount).map { outcome in
      let error = (outcome.report?.normalizedMeanSquareError ?? 0).metricText
      return "\(outcome.tensor.name.text.quoted) as \(outcome.tensor.format.name) (\(error))"
    }
    let others = lost.count > names.count ? " and \((lost.count - names.count).grouped) more" : ""
    return "\(counted(lost.count, "tensor")) with an NMSE of \(Self.lossLimit) and more,"
      + " so most of the values are lost: \(names.joined(separator: ", "))\(others)"
  }

  /// Whether all errors are accepted.
  public var passes: Bool { violations.isEmpty }

  /// Sums up `outcomes` and judges them.
  public init(_ outcomes: [TensorOutcome], budget: EncodingBudget? = nil) {
    var groups: [Group] = []
    var total = EncodingReport()
    var violations: [BudgetViolation] = []
    for outcome in outcomes {
      let tensor = outcome.tensor
      let index = groups.firstIndex { $0.from == tensor.sourceEncoding && $0.to == tensor.format } ?? groups.endIndex
      if index == groups.endIndex { groups.append(Group(from: tensor.sourceEncoding, to: tensor.format)) }
      groups[index].tensorCount += 1
      groups[index].elementCount += tensor.shape.elementCount
      groups[index].byteCount += tensor.byteCount
      guard let report = outcome.report else { continue }
      groups[index].errors.merge(report)
      total.merge(report)
      violations +=
        budget?.limits(for: tensor)?.violations(report.value).map {
          BudgetViolation(outcome: outcome, limit: $0.limit, measured: $0.measured)
        } ?? []
    }
    self.outcomes = outcomes
    self.groups = groups
    self.total = total
    self.budget = budget
    self.violations = violations
    let changed = outcomes.filter { $0.report?.changedCount ?? 0 > 0 }
    summedNMSE = changed.reduce(0) { $0 + ($1.report?.normalizedMeanSquareError ?? 0) }
    worst = changed.enumerated().sorted { one, other in
      let errors = [one, other].map { $0.element.report?.normalizedMeanSquareError ?? 0 }
      return errors[0] != errors[1] ? errors[0] > errors[1] : one.offset < other.offset
    }.map(\.element)
  }

  /// Throws the errors that exceed the budget.
  public func requireAcceptable(for destination: String) throws(BudgetExceeded) {
    if !passes { throw BudgetExceeded(destination: destination, summary: self) }
  }
}

import Bytes
import Quantization
import Tensors

extension TensorComparison {
  /// Returns the differences that exceed a budget.
  func findings(_ budget: CheckpointDiff.DiffBudget) -> [Finding] {
    switch outcome {
    case .equalBytes, .equalValues: []
    case .onlyInReference:
      [finding("diff.missing", "is missing in the candidate (\(name(reference)) in the reference)")]
    case .onlyInCandidate:
      [finding("diff.extra", "is in the candidate only (\(name(candidate)))")]
    case .otherShape:
      [
        finding(
          "diff.shape",
          "has shape \(shape(reference)) in the reference, \(shape(candidate)) in the candidate")
      ]
    case .unreadable(let reason): [finding("diff.unreadable", "was not compared: \(reason)")]
    case .different(let metrics): nonfinite(metrics) + differences(metrics, budget) + rows
    }
  }

  private func nonfinite(_ metrics: ErrorMetrics) -> [Finding] {
    guard let first = metrics.firstNonfiniteMismatch else { return [] }
    return [
      finding(
        "diff.nonfinite",
        "\(counted(metrics.nonfiniteMismatchCount, "element")) \(metrics.nonfiniteMismatchCount == 1 ? "is" : "are") NaN or infinite on one side only, first at "
          + position(first))
    ]
  }

  private func differences(_ metrics: ErrorMetrics, _ budget: CheckpointDiff.DiffBudget) -> [Finding] {
    switch limits(budget) {
    case nil:
      guard metrics.differingCount > metrics.nonfiniteMismatchCount else { return [] }
      let worst = metrics.worstIndex.map { ", at most \(metrics.maximumAbsoluteError.metricText) at \(position($0))" }
      return [
        finding(
          "diff.values",
          "\(metrics.differingCount.grouped) of \(counted(metrics.elementCount, "element")) differ\(worst ?? "")"
            + " (NMSE \(metrics.normalizedMeanSquareError.metricText))")
      ]
    case let budget?:
      return budget.violations(metrics.value).map { finding("diff.budget", $0.words($1) + baselineWords) }
    }
  }

  /// The baseline error, if the limit comes from it.
  private var baselineWords: String {
    baselineError.map { " (or twice the error of quantizing the reference to this format: \($0.metricText))" } ?? ""
  }

  /// The rows with errors that the baseline does not explain.
  private var rows: [Finding] {
    guard let worst = wrongRows.max(by: { $0.error < $1.error }) else { return [] }
    let others = wrongRows.count - 1
    let rows =
      others == 0
      ? "row \(worst.row.grouped) differs"
      : "row \(worst.row.grouped) and \(counted(others, "other")) differ; the first is row \(wrongRows[0].row.grouped)"
    let baseline = worst.baselineError.map { ", expected about \($0.metricText) in this format" } ?? ""
    return [finding("diff.rows", "\(rows) (nmse of row \(worst.row.grouped): \(worst.error.metricText)\(baseline))")]
  }

  /// The limits for this tensor; nil if nothing may differ.
  private func limits(_ budget: CheckpointDiff.DiffBudget) -> Budget? {
    switch budget {
    case .none: return nil
    case .budget(let limits): return limits
    case .byFormat:
      guard let stored = candidate?.format, let original = reference?.format,
        let expected = stored.expectedErrors(encoding: original)
      else { return nil }
      guard let baselineError else { return expected }
      return Budget(expected.limits.map { Budget.Limit($0.metric, max($0.value, 2 * baselineError)) })
    }
  }

  private func finding(_ check: String, _ message: String) -> Finding {
    Finding(.error, check, identity.subject, message)
  }

  private func name(_ tensor: TensorDescriptor?) -> String { tensor?.name.text.quoted ?? "" }

  private func shape(_ tensor: TensorDescriptor?) -> String { tensor?.shape.description ?? "" }

  /// Row and column of an element.
  private func position(_ index: Int) -> String {
    let shape = reference?.shape ?? []
    guard shape.rank > 1 else { return "element \(index.grouped)" }
    let (row, column) = index.quotientAndRemainder(dividingBy: max(1, shape.rowElementCount))
    return "row \(row.grouped), column \(column.grouped)"
  }
}

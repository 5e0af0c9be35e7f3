import Bytes
import Quantization
import Tensors

extension TensorComparison {
  /// What is to be said of this tensor under a tolerance.
  func findings(_ tolerance: CheckpointDiff.DiffBudget) -> [Finding] {
    switch outcome {
    case .equalBytes, .equalValues: []
    case .onlyInReference:
      [finding("diff.missing", "is missing in the candidate (\(name(reference)) in the reference)")]
    case .onlyInCandidate:
      [finding("diff.extra", "is in the candidate alone (\(name(candidate)))")]
    case .otherShape:
      [
        finding(
          "diff.shape",
          "has shape \(shape(reference)) in the reference, \(shape(candidate)) in the candidate")
      ]
    case .unreadable(let reason): [finding("diff.unreadable", "was not compared: \(reason)")]
    case .different(let metrics): nonfinite(metrics) + differences(metrics, tolerance) + rows
    }
  }

  private func nonfinite(_ metrics: ErrorMetrics) -> [Finding] {
    guard let first = metrics.firstNonfiniteMismatch else { return [] }
    return [
      finding(
        "diff.nonfinite",
        "\(counted(metrics.nonfiniteMismatchCount, "element")) \(metrics.nonfiniteMismatchCount == 1 ? "is" : "are") NaN or infinite on one side alone, first at "
          + position(first))
    ]
  }

  private func differences(_ metrics: ErrorMetrics, _ tolerance: CheckpointDiff.DiffBudget) -> [Finding] {
    switch limits(tolerance) {
    case nil:
      guard metrics.differingCount > metrics.nonfiniteMismatchCount else { return [] }
      let worst = metrics.worstIndex.map { ", at most \(metrics.maximumAbsoluteError.scientific) at \(position($0))" }
      return [
        finding(
          "diff.values",
          "\(metrics.differingCount.grouped) of \(counted(metrics.elementCount, "element")) differ\(worst ?? "")"
            + " (NMSE \(metrics.normalizedMeanSquareError.scientific))")
      ]
    case let budget?:
      return budget.violations(metrics.value).map { finding("diff.budget", $0.words($1) + encodingWords) }
    }
  }

  /// Where the limit comes from, if from an honest encoding of this very tensor.
  private var encodingWords: String {
    baselineError.map { " (or twice what encoding the reference so costs: \($0.metricText))" } ?? ""
  }

  /// The rows that no encoding explains.
  private var rows: [Finding] {
    guard let worst = wrongRows.max(by: { $0.error < $1.error }) else { return [] }
    let others =
      wrongRows.count == 1
      ? "" : " (so it is with \(wrongRows.count - 1) others, from row \(wrongRows[0].row.grouped) on)"
    let cost = worst.baselineError.map { ", where encoding the reference's costs \($0.metricText)" } ?? ""
    return [
      finding("diff.rows", "row \(worst.row.grouped) is wrong: nmse \(worst.error.metricText)\(cost)\(others)")
    ]
  }

  /// The limits for this tensor; nil if nothing may differ.
  private func limits(_ tolerance: CheckpointDiff.DiffBudget) -> Budget? {
    switch tolerance {
    case .none: return nil
    case .budget(let budget): return budget
    case .byFormat:
      guard let stored = candidate?.format, let original = reference?.format,
        let expected = stored.expectedErrors(encoding: original)
      else { return nil }
      guard let baselineError else { return expected }
      return Budget(expected.limits.map { Budget.Limit($0.metric, max($0.value, 2 * baselineError)) })
    }
  }

  private func finding(_ check: String, _ message: String) -> Finding { Finding(.error, check, place: place, message) }

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

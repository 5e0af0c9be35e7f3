import Bytes
import Models
import Quantization
import Tensors

/// The errors of every tensor of a plan, summed slab by slab in the order of the output.
struct TensorReports {
  private var sums: [[EncodingReport?]]

  init(_ plan: ConversionPlan) { sums = plan.files.map { [EncodingReport?](repeating: nil, count: $0.tensors.count) } }

  /// Adds the report on the next slabs of a tensor; nil where no value can have changed.
  mutating func add(_ report: EncodingReport?, to tensor: Int, in file: Int) {
    guard let report else { return }
    var sum = sums[file][tensor] ?? EncodingReport()
    sum.merge(report)
    sums[file][tensor] = sum
  }

  func outcomes(of plan: ConversionPlan) -> [TensorOutcome] {
    zip(plan.files, sums).flatMap { file, reports in
      zip(file.tensors, reports).map { TensorOutcome(tensor: $0, report: $1) }
    }
  }
}

extension ConversionPlan {
  /// Throws unless the inputs still have the bytes that they had when they were opened.
  func requireUnchangedInputs() throws(FileError) {
    for file in source.checkpoint.files { try file.requireUnchanged() }
    try tensors.lazy.compactMap(\.importance).first?.matrix.requireUnchanged()
  }

  /// Every number must be finite, and stored as a finite number.
  func requireStorable(_ outcomes: [TensorOutcome]) throws {
    let problems = outcomes.compactMap { outcome -> TensorProblem? in
      guard let report = outcome.report, let name = outcome.tensor.sourceName else { return nil }
      func place(_ index: Int) -> (row: Int, column: Int) {
        let (row, column) = index.quotientAndRemainder(dividingBy: max(1, outcome.tensor.shape.rowElementCount))
        return (row, column)
      }
      let format = outcome.tensor.format
      if let index = report.firstNonfiniteIndex {
        return TensorProblem(name, .nonfinite(row: place(index).row, column: place(index).column, format: format))
      }
      return report.firstOverflowIndex.map { index in
        TensorProblem(
          name,
          .overflows(
            count: report.overflowCount, row: place(index).row, column: place(index).column, format: format))
      }
    }
    guard problems.isEmpty else {
      throw ProblemList(problems.map { LocatedError(path: source.checkpoint.path, reason: $0) })
    }
  }
}

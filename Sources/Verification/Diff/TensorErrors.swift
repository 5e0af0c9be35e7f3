/// The errors of a tensor, or of some of its rows, and the rows with the greatest errors.
///
/// One lost row of a thousand adds a thousandth to the error of the tensor, less than four-bit quantization does.
struct TensorErrors: Sendable {
  private(set) var total = ErrorMetrics()
  /// Rows above the limit, the greatest Σ (candidate − reference)² first; at most `rowCount`.
  private(set) var rows: [RowError] = []
  /// The number of rows above the limit.
  private(set) var excessCount = 0

  /// Rows that are kept: enough to report, and to find a wrong one among those with small values.
  private static let rowCount = 32

  init(total: ErrorMetrics = ErrorMetrics()) { self.total = total }

  /// Compares whole rows of `width` elements; the first is row `firstRow` of its tensor.
  ///
  /// - Parameter rowLimit: the normalized mean square error above which a row is kept; nil to keep none.
  init(reference: Span<Float>, candidate: Span<Float>, firstRow: Int, width: Int, rowLimit: Double?) {
    guard let rowLimit else {
      total = ErrorMetrics(reference: reference, candidate: candidate)
      return
    }
    for start in stride(from: 0, to: reference.count, by: width) {
      let range = start..<min(reference.count, start + width)
      let row = ErrorMetrics(reference: reference.extracting(range), candidate: candidate.extracting(range))
      total.merge(row)
      guard row.normalizedMeanSquareError > rowLimit else { continue }
      excessCount += 1
      keep(RowError(row: firstRow + start / width, errors: row))
    }
  }

  /// Appends the errors of the next rows.
  mutating func merge(_ next: Self) {
    total.merge(next.total)
    excessCount += next.excessCount
    for row in next.rows { keep(row) }
  }

  private mutating func keep(_ row: RowError) {
    let sum = row.errors.sumSquaredError
    if rows.count == Self.rowCount, let last = rows.last, last.errors.sumSquaredError >= sum { return }
    rows.insert(row, at: rows.firstIndex { $0.errors.sumSquaredError < sum } ?? rows.count)
    if rows.count > Self.rowCount { rows.removeLast() }
  }
}

/// The errors of one row of a tensor.
public struct RowError: Sendable, Hashable {
  /// The row, counted from 0.
  public let row: Int
  public let errors: ErrorMetrics
}

/// The errors of a tensor, or of some of its rows, and the rows that are far worse than the rest may be.
///
/// One row of a thousand that is lost adds a thousandth to the error of the whole, which is less than four bits cost.
struct TensorErrors: Sendable {
  /// Of all elements.
  private(set) var total = ErrorMetrics()
  /// Rows beyond the limit, the greatest Σ (candidate − reference)² first; no more than `rowCount`.
  private(set) var rows: [RowError] = []
  /// How many rows were beyond it.
  private(set) var excessCount = 0

  /// Rows that are kept: enough to tell of, and to find one that is wrong among those that are merely small.
  private static let rowCount = 32

  init(total: ErrorMetrics = ErrorMetrics()) { self.total = total }

  /// Compares whole rows of `width` elements, the first of which is row `firstRow` of its tensor.
  ///
  /// - Parameter rowLimit: the normalized mean square error from which on a row is kept; nil to keep none.
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

  /// Appends the errors of the rows that follow.
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
  /// Its errors.
  public let errors: ErrorMetrics
}

import Quantization
import Tensors

/// Values that are added to rows of a canonical tensor when they are read.
protocol RowUpdate: Sendable {
  /// The update in words: `plus a product of low rank`.
  var words: String { get }

  /// Adds to rows of the canonical tensor, each cut to `columns`, whose values are `stride` apart.
  ///
  /// - Parameter checkpoint: the files of the model whose rows are read.
  func add(
    to values: inout DecodedValues, rows: [UpdatedRow], columns: Range<Int>, stride: Int, of checkpoint: Checkpoint
  ) throws
}

extension RowReader {
  /// Reads `rows`, counted as in the canonical tensor that this reads, and hands the part in `columns` of each to `body`
  /// with its index among them.
  func read(_ rows: [UpdatedRow], columns: Range<Int>, _ body: (Int, Span<Float>) -> Void) throws {
    guard let first = rows.map(\.canonicalRow).min(), let last = rows.map(\.canonicalRow).max() else { return }
    var buffers = RowBuffers()
    try self.rows.readValues(first..<last + 1, into: &buffers)
    let floats = buffers.values.floats.span
    for (index, row) in rows.enumerated() {
      let start = (row.canonicalRow - first) * geometry.rowElementCount + columns.lowerBound
      body(index, floats.extracting(start..<start + columns.count))
    }
  }
}

/// A row of a canonical tensor among values that are read.
struct UpdatedRow {
  let canonicalRow: Int
  /// The value of the first column.
  let start: Int
}

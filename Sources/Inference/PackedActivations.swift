import Bytes

/// The left factor of a product, packed: strips of six rows, transposed so that six values of one column are adjacent.
///
///     rows r … r+5, columns 0, 1, 2, …   ─►   strip: x[r,0] x[r+1,0] … x[r+5,0]  x[r,1] … x[r+5,1]  …
///
/// Missing rows of the last strip are zero.
struct PackedActivations: Sendable {
  /// The values of one column of a strip.
  typealias Column = InlineArray<6, Float>
  /// Rows in a strip.
  static let height = Column.count

  /// Rows that were packed.
  private(set) var rowCount = 0
  /// The number of values in a row: the length of the sums.
  private(set) var depth = 0
  /// `[strip][column]`, a value for each row of the strip.
  private(set) var values: [Column] = []

  /// The number of strips for `rowCount` rows.
  var count: Int { (rowCount + Self.height - 1) / Self.height }

  /// Packs the columns `columns` of the rows `rows`.
  mutating func pack(_ matrix: Matrix, rows: Range<Int>, columns: Range<Int>, threads: Int = 1) {
    let depth = columns.count, rowCount = rows.count
    clear(rowCount: rowCount, depth: depth)
    guard depth > 0 else { return }
    let numbers = matrix.values, stride = matrix.columnCount
    Parallel.forEachPiece(of: &values, length: depth, threads: threads) { strip, start in
      let source = numbers.span
      let first = start / depth * Self.height
      for row in first..<min(first + Self.height, rowCount) {
        let begin = (rows.lowerBound + row) * stride + columns.lowerBound
        for column in 0..<depth { strip[column][row - first] = source[begin + column] }
      }
    }
  }

  /// Makes room for `rowCount` rows of zeros.
  mutating func clear(rowCount: Int, depth: Int) {
    self.rowCount = rowCount
    self.depth = depth
    values.removeAll(keepingCapacity: true)
    values.append(contentsOf: repeatElement(Column(repeating: 0), count: count * depth))
  }

  /// Packs sixteen values of `row`, from `column` on, up to its end.
  @inline(__always)
  mutating func set(row: Int, column: Int, _ numbers: SIMD16<Float>) {
    let first = row / Self.height * depth + column
    for lane in 0..<min(16, depth - column) { values[first + lane][row % Self.height] = numbers[lane] }
  }
}

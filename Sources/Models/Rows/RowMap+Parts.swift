import Architectures
import Tensors

extension RowMap {
  /// Logical rows, each cut to some columns, that fill adjacent rows of the wanted tensor.
  struct Part {
    /// The origins of the logical rows, in order.
    let locations: [RowLocation]
    let columns: Range<Int>
    /// The first element that they fill, counted from the first that is asked for.
    let start: Int
    /// From an element to that of the next logical row, and of the next column.
    let rowStride: Int, columnStride: Int
  }

  /// The transposed blocks of all instances; nil if the wanted tensor has the logical rows as rows.
  var transposedBlockCount: Int? { layout.transposedBlockCount.map { $0 * (layout.instanceCount ?? 1) } }

  /// Rows of the wanted tensor as logical rows: all at once, or of a transposed tensor block by block.
  func parts(of rows: Range<Int>) -> [Part] {
    let width = layout.columnCount
    guard let blockCount = transposedBlockCount else {
      return [
        Part(locations: rows.map(location), columns: 0..<width, start: 0, rowStride: width, columnStride: 1)
      ]
    }
    // Row c of a block contains column c of its logical rows.
    let blockRowCount = layout.logicalRowCount / blockCount
    var parts: [Part] = []
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (block, first) = row.quotientAndRemainder(dividingBy: width)
      let columns = first..<min(width, first + rows.upperBound - row)
      parts.append(
        Part(
          locations: (block * blockRowCount..<(block + 1) * blockRowCount).map(location), columns: columns,
          start: (row - rows.lowerBound) * blockRowCount, rowStride: 1, columnStride: blockRowCount))
      row += columns.count
    }
    return parts
  }
}

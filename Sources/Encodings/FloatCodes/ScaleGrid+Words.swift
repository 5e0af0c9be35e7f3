import Tensors

extension ScaleGrid {
  /// `128 × 128 blocks`, `one scale`, `a scale for each row`, with what a matrix of `shape` has.
  func words(for shape: Shape) -> String {
    let rows = shape.dimensions.dropLast().last ?? 1, columns = shape.rowElementCount
    switch block {
    case nil: return "one scale"
    case ScaleBlock(rowCount: rows, columnCount: columns)?: return "a scale for each matrix"
    case ScaleBlock(rowCount: 1, columnCount: columns)?: return "a scale for each row"
    case ScaleBlock(rowCount: rows, columnCount: 1)?: return "a scale for each column"
    case ScaleBlock(rowCount: 1, columnCount: blockColumnCount)?: return "groups of \(blockColumnCount)"
    case let block?: return "\(block.rowCount) × \(block.columnCount) blocks"
    }
  }
}

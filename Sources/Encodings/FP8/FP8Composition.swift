import Bytes
import Tensors

/// A matrix of FP8 codes with a scale for each block: `value = code · scale`, one float32 product.
///
///     weight                             scales
///     ┌──────────┬──────────┬────┐       ┌───┬───┬───┐
///     │          │          │    │       │   │   │   │   blocks are counted from row 0 and column 0;
///     │ a × b    │          │    │       ├───┼───┼───┤   the last of a row or column are cut
///     ├──────────┼──────────┼────┤       │   │   │   │
///     └──────────┴──────────┴────┘       └───┴───┴───┘
///
/// A stack of matrices has a stack of scales. One scale for the whole matrix is a block of its size.
struct FP8Composition: TensorComposition {
  let weight: TensorDescriptor
  let scales: TensorDescriptor
  /// Rows and columns of a block; nil for one scale.
  let block: FP8Block?

  var sources: [TensorDescriptor] { [weight, scales] }
  var shape: Shape { weight.shape }

  var description: String {
    let code = weight.format == .f8_e5m2 ? "FP8 E5M2" : "FP8 E4M3"
    return block.map { "\(code), \($0.rowCount) × \($0.columnCount) blocks" } ?? "\(code), one scale"
  }

  func decode(
    rows: Range<Int>, from reader: any StoredTensorReader, into values: inout MutableSpan<Float>
  ) throws {
    let width = shape.rowElementCount
    guard !rows.isEmpty, width > 0 else { return }
    try reader.decode(rows.lowerBound * width..<rows.upperBound * width, of: weight, into: &values)
    let grid = FP8Grid(shape, block)
    let first = grid.row(of: rows.lowerBound), last = grid.row(of: rows.upperBound - 1)
    var factors = [Float](repeating: 0, count: (last - first + 1) * grid.columnCount)
    var destination = factors.mutableSpan
    try reader.decode(first * grid.columnCount..<(last + 1) * grid.columnCount, of: scales, into: &destination)
    for row in rows {
      let start = (row - rows.lowerBound) * width
      let scaleStart = (grid.row(of: row) - first) * grid.columnCount
      for blockColumn in 0..<grid.columnCount {
        let factor = factors[scaleStart + blockColumn]
        let columns = blockColumn * grid.blockColumnCount..<min(width, (blockColumn + 1) * grid.blockColumnCount)
        for column in columns { values[start + column] *= factor }
      }
    }
  }
}

/// Rows and columns that share a scale.
public struct FP8Block: Hashable, Sendable {
  public let rowCount: Int, columnCount: Int
}

/// The layout of the scales of a matrix, or of a stack of them.
struct FP8Grid {
  /// Rows of one matrix, and of its scales.
  private let matrixRowCount: Int, scaleRowCount: Int
  private let blockRowCount: Int
  let blockColumnCount: Int
  /// Scales of a row of blocks.
  let columnCount: Int
  /// The dimensions that the scales must have, stacks first; empty for one scale.
  let dimensions: [Int]

  init(_ shape: Shape, _ block: FP8Block?) {
    let rows = shape.dimensions.dropLast().last ?? 1, columns = shape.rowElementCount
    guard let block else {
      // All matrices of a stack have the one scale.
      matrixRowCount = max(1, shape.rowCount)
      blockRowCount = matrixRowCount
      blockColumnCount = max(1, columns)
      (scaleRowCount, columnCount, dimensions) = (1, 1, [])
      return
    }
    matrixRowCount = max(1, rows)
    blockRowCount = block.rowCount
    blockColumnCount = block.columnCount
    scaleRowCount = (rows + block.rowCount - 1) / block.rowCount
    columnCount = (columns + block.columnCount - 1) / block.columnCount
    dimensions = shape.dimensions.dropLast(2) + [scaleRowCount, columnCount]
  }

  /// The row of scales that row `row` of the matrix, or of the stack, has.
  func row(of row: Int) -> Int {
    let (matrix, inside) = row.quotientAndRemainder(dividingBy: matrixRowCount)
    return matrix * scaleRowCount + inside / blockRowCount
  }
}

import Tensors

/// Rows and columns of a matrix that share a scale.
public struct ScaleBlock: Hashable, Sendable {
  public let rowCount: Int, columnCount: Int

  init(rowCount: Int, columnCount: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
  }
}

/// The layout of the scales of a matrix, or of a stack of them.
///
///     matrix                             scales
///     ┌──────────┬──────────┬────┐       ┌───┬───┬───┐
///     │          │          │    │       │   │   │   │   blocks are counted from row 0 and column 0;
///     │ a × b    │          │    │       ├───┼───┼───┤   the last of a row or column are cut
///     ├──────────┼──────────┼────┤       │   │   │   │
///     └──────────┴──────────┴────┘       └───┴───┴───┘
///
/// A stack of matrices has a stack of scales. Scales for each row or column are blocks of one of them.
struct ScaleGrid: Hashable, Sendable {
  /// Nil if all matrices share one scale.
  let block: ScaleBlock?
  /// Rows of one matrix, and of its scales.
  private let matrixRowCount: Int, scaleRowCount: Int
  private let blockRowCount: Int
  let blockColumnCount: Int
  /// Scales of a row of blocks.
  let columnCount: Int
  /// The dimensions of the scales, stacks first; empty for one scale.
  let dimensions: [Int]

  init(_ shape: Shape, _ block: ScaleBlock?) {
    let rows = shape.dimensions.dropLast().last ?? 1, columns = shape.rowElementCount
    self.block = block
    guard let block else {
      matrixRowCount = max(1, shape.rowCount)
      blockRowCount = matrixRowCount
      blockColumnCount = max(1, columns)
      (scaleRowCount, columnCount, dimensions) = (1, 1, [])
      return
    }
    matrixRowCount = max(1, rows)
    blockRowCount = max(1, block.rowCount)
    blockColumnCount = max(1, block.columnCount)
    scaleRowCount = Self.count(of: blockRowCount, in: rows)
    columnCount = Self.count(of: blockColumnCount, in: columns)
    dimensions = shape.dimensions.dropLast(2) + [scaleRowCount, columnCount]
  }

  /// The row of scales that row `row` of the matrix, or of the stack, has.
  func row(of row: Int) -> Int {
    let (matrix, inside) = row.quotientAndRemainder(dividingBy: matrixRowCount)
    return matrix * scaleRowCount + inside / blockRowCount
  }

  /// The matrix of the stack that has this row of scales.
  func matrix(ofScaleRow row: Int) -> Int { row / max(1, scaleRowCount) }

  /// Whether each row has its own scales for groups of `columnCount` elements.
  func hasGroups(of columnCount: Int) -> Bool {
    block == ScaleBlock(rowCount: 1, columnCount: columnCount)
  }

  /// Whether `shape` is that of the scales, but for dimensions of 1.
  func fits(_ shape: Shape) -> Bool {
    shape.dimensions.filter { $0 != 1 } == dimensions.filter { $0 != 1 }
  }

  private static func count(of block: Int, in length: Int) -> Int { length / block + (length % block == 0 ? 0 : 1) }
}

// MARK: - Grids that follow from the scales

extension ScaleGrid {
  /// The grid that scales of shape `scales` show: one for all, for each matrix, row or column, or usual blocks; nil if they
  /// fit none, or several.
  init?(_ shape: Shape, inferredFrom scales: Shape) {
    guard scales.elementCount != 1 else {
      self.init(shape, nil)
      return
    }
    let stack = Array(shape.dimensions.dropLast(2))
    guard shape.rank >= 2, scales.dimensions.starts(with: stack) else { return nil }
    let rows = shape.dimensions[stack.count], columns = shape.rowElementCount
    let inner = Array(scales.dimensions.dropFirst(stack.count))
    let long = inner.filter { $0 != 1 }
    let block: ScaleBlock
    switch long.count {
    case 0: block = ScaleBlock(rowCount: rows, columnCount: columns)
    case 1 where long[0] == rows && inner.last != rows || inner == [rows]:
      block = ScaleBlock(rowCount: 1, columnCount: columns)
    // FBGEMM writes those of columns as `[columns, 1]` too.
    case 1 where long[0] == columns && (inner.last == columns || rows != columns):
      block = ScaleBlock(rowCount: rows, columnCount: 1)
    case 1:
      guard inner.count == 2 else { return nil }
      fallthrough
    case 2:
      // ModelOpt writes the grid as `[rows, 1, columns, 1]`.
      let counts = long.count == 2 ? long : inner
      guard let height = Self.blockLength(rows, counts[0]), let width = Self.blockLength(columns, counts[1]) else {
        return nil
      }
      block = ScaleBlock(rowCount: height, columnCount: width)
    default: return nil
    }
    self.init(shape, block)
    guard fits(scales) else { return nil }
  }

  /// The length of `count` blocks in `length` elements: one element, all of them, or a usual length.
  private static func blockLength(_ length: Int, _ count: Int) -> Int? {
    if count == length { return 1 }
    if count == 1 { return length }
    return [128, 64, 32, 16].first { Self.count(of: $0, in: length) == count }
  }
}

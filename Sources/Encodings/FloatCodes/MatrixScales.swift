import Tensors

/// The scales of a matrix, or of a stack of them: `scale of the block`, times or over a global one, in float32.
struct MatrixScales: Hashable, Sendable {
  let blocks: ScaleTensor
  let grid: ScaleGrid
  let global: GlobalScale?

  init(_ blocks: ScaleTensor, _ grid: ScaleGrid, global: GlobalScale? = nil) {
    self.blocks = blocks
    self.grid = grid
    self.global = global
  }

  var tensors: [TensorDescriptor] { [blocks.tensor] + (global.map { [$0.tensor] } ?? []) }

  /// The rows of scales that rows of the matrix have.
  func scaleRows(of rows: Range<Int>) -> Range<Int> {
    grid.row(of: rows.lowerBound)..<grid.row(of: rows.upperBound - 1) + 1
  }

  /// Reads rows of scales, row after row.
  func read(scaleRows: Range<Int>, from reader: any StoredTensorReader) throws -> [Float] {
    let width = grid.columnCount
    var scales = try blocks.read(scaleRows.lowerBound * width..<scaleRows.upperBound * width, from: reader)
    guard let global else { return scales }
    let globals = try global.read(from: reader)
    for row in scaleRows {
      let value = globals[globals.count == 1 ? 0 : grid.matrix(ofScaleRow: row)]
      let start = (row - scaleRows.lowerBound) * width
      global.apply(value, to: &scales, start..<start + width)
    }
    return scales
  }

  /// Whether all scales satisfy `isFit`, read in pieces until one does not.
  func allSatisfy(from reader: any StoredTensorReader, _ isFit: (Float) -> Bool) throws -> Bool {
    let rowCount = blocks.tensor.shape.elementCount / max(1, grid.columnCount)
    let step = max(1, Self.pieceElementCount / max(1, grid.columnCount))
    for start in stride(from: 0, to: rowCount, by: step) {
      let scales = try read(scaleRows: start..<min(rowCount, start + step), from: reader)
      guard scales.allSatisfy(isFit) else { return false }
    }
    return true
  }

  /// Whether all bytes of the block scales satisfy `isFit`.
  func allBytesSatisfy(from reader: any StoredTensorReader, _ isFit: (UInt8) -> Bool) throws -> Bool {
    let count = blocks.tensor.shape.elementCount
    for start in stride(from: 0, to: count, by: Self.pieceElementCount) {
      let bytes = try blocks.bytes(start..<min(count, start + Self.pieceElementCount), from: reader)
      guard bytes.allSatisfy(isFit) else { return false }
    }
    return true
  }

  private static let pieceElementCount = 1 << 18
}

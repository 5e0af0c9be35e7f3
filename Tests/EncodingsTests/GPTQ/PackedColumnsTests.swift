import TestSupport
import Testing

@testable import Encodings

/// The definition of `PackedColumns`: bit after bit.
enum ReferencePackedColumns {
  static func unpack(_ words: [UInt32], bitCount: Int, columnCount: Int, codeCount: Int) -> [UInt8] {
    var codes: [UInt8] = []
    for column in 0..<columnCount {
      for code in 0..<codeCount {
        var value: UInt8 = 0
        for place in 0..<bitCount {
          let bit = code * bitCount + place
          let word = words[bit / 32 * columnCount + column]
          value |= UInt8((word >> UInt32(bit % 32)) & 1) << UInt8(place)
        }
        codes.append(value)
      }
    }
    return codes
  }
}

@Suite("Codes packed along columns")
struct PackedColumnsTests {
  struct Case: Sendable {
    let columnCount: Int, codeCount: Int
  }

  @Test(
    "are unpacked as bit by bit", arguments: [2, 3, 4, 8],
    [
      Case(columnCount: 1, codeCount: 32), Case(columnCount: 16, codeCount: 64), Case(columnCount: 17, codeCount: 96),
      Case(columnCount: 40, codeCount: 33), Case(columnCount: 3, codeCount: 31), Case(columnCount: 5, codeCount: 75),
      Case(columnCount: 2, codeCount: 1), Case(columnCount: 33, codeCount: 109),
    ])
  func unpacking(bitCount: Int, shape: Case) {
    var generator = SeededGenerator(seed: UInt64(bitCount * 1000 + shape.codeCount))
    let rowCount = PackedColumns.wordRowCount(codeCount: shape.codeCount, bitCount: bitCount)
    let words = (0..<rowCount * shape.columnCount).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
    var codes = [UInt8](repeating: 0xEE, count: shape.columnCount * shape.codeCount)
    var span = codes.mutableSpan
    var bytes = span.mutableBytes
    PackedColumns.unpack(
      words.span.bytes, bitCount: bitCount, columnCount: shape.columnCount, codeCount: shape.codeCount, into: &bytes)
    #expect(
      codes
        == ReferencePackedColumns.unpack(
          words, bitCount: bitCount, columnCount: shape.columnCount, codeCount: shape.codeCount))
  }
}

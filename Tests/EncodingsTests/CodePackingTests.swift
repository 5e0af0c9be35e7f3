import TestSupport
import Testing

@testable import Encodings

@Suite("Codes in words")
struct CodePackingTests {
  /// Code `index`, bit by bit.
  private func reference(_ words: [UInt8], _ packing: CodePacking, index: Int, bitCount: Int) -> UInt8 {
    let codesPerWord = 32 / bitCount
    let first = packing == .stream ? index * bitCount : index / codesPerWord * 32 + index % codesPerWord * bitCount
    return (0..<bitCount).reduce(0) { code, bit in
      code | (words[(first + bit) / 8] >> UInt8((first + bit) % 8) & 1) << UInt8(bit)
    }
  }

  @Test("are unpacked as bit by bit", arguments: [CodePacking.stream, .wholeWords], 1...8)
  func codes(packing: CodePacking, bitCount: Int) throws {
    var random = SeededGenerator(seed: UInt64(bitCount))
    for count in 1...70 {
      let wordCount = try #require(packing.wordCount(count, bitCount: bitCount))
      let words = (0..<wordCount * 4).map { _ in UInt8.random(in: 0...255, using: &random) }
      var codes = [UInt8](repeating: 0xEE, count: count + 3)
      var span = codes.mutableSpan
      var target = span.mutableBytes
      packing.unpack(words.span.bytes, at: 0, count: count, bitCount: bitCount, into: &target, at: 1)
      let expected = (0..<count).map { reference(words, packing, index: $0, bitCount: bitCount) }
      #expect(codes == [0xEE] + expected + [0xEE, 0xEE])
    }
  }

  @Test("begin where they are unpacked", arguments: [CodePacking.stream, .wholeWords], 1...8)
  func positions(packing: CodePacking, bitCount: Int) {
    for index in 0..<70 {
      let (word, bit) = packing.position(of: index, bitCount: bitCount)
      let codesPerWord = 32 / bitCount
      let expected =
        packing == .stream ? index * bitCount : index / codesPerWord * 32 + index % codesPerWord * bitCount
      #expect(word * 32 + bit == expected)
    }
  }

  @Test("have a count of words that does not overflow")
  func wordCounts() {
    #expect(CodePacking.stream.wordCount(96, bitCount: 6) == 18)
    #expect(CodePacking.wholeWords.wordCount(96, bitCount: 6) == 20)
    #expect(CodePacking.stream.wordCount(.max, bitCount: 2) == nil)
    #expect(CodePacking.wholeWords.wordCount(.max, bitCount: 3) != nil)
    #expect(CodePacking.stream.wordCount(0, bitCount: 3) == 0)
  }

  @Test(
    "follow from the release that wrote them",
    arguments: [
      "0.18.0": CodePacking.stream, "0.20.1": .stream, "1.0.0": .stream, "0.17.1": .wholeWords,
      "0.9.4.20250509": .wholeWords, "": nil, "x.y": nil, "0": nil,
    ])
  func releases(version: String, packing: CodePacking?) {
    #expect(CodePacking(version: version) == packing)
  }
}

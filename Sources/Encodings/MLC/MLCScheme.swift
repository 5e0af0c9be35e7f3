import Bytes
import Tensors

/// The rules by which MLC quantized a model, by their name in mlc-chat-config.json: `q4f16_1`.
///
///     q 4 f16 _1       bits, the type of scales and plain tensors, the layout:
///                      _0 matrices of layers transposed, _1 not, _2 as _1 with plain embeddings and output matrix
struct MLCScheme: Hashable, Sendable {
  let bitCount: Int

  /// The schemes without codes.
  private static let plain: Set<String> = ["q0f16", "q0bf16", "q0f32"]
  private static let grouped: [String: Int] = [
    "q3f16_0": 3, "q3f16_1": 3, "q4f16_0": 4, "q4f16_1": 4, "q4f16_2": 4, "q4bf16_0": 4, "q4bf16_1": 4, "q4f32_1": 4,
  ]

  /// The scheme called `name`; nil for one without codes.
  ///
  /// - Throws: for a scheme that is not read.
  static func named(_ name: String) throws(EncodingError) -> MLCScheme? {
    if plain.contains(name) { return nil }
    guard let bitCount = grouped[name] else {
      throw .refused(
        what: "quantized by MLC in the scheme \(name.quoted)", nextStep: "convert the model that it was made from")
    }
    return MLCScheme(bitCount: bitCount)
  }

  /// Consecutive elements of a row that share a scale: those of four words.
  var groupElementCount: Int { codesPerWord * MLCComposition.wordsPerGroup }
  var codesPerWord: Int { 32 / bitCount }
  /// The point that codes are counted from: 2^(b − 1) − 1.
  var zeroPoint: Int { (1 << (bitCount - 1)) - 1 }

  /// Unpacks the codes of rows, a byte each, row after row.
  ///
  /// - Parameters:
  ///   - words: `wordCount` words for each row; of transposed ones the first words of all rows come first.
  ///   - columnCount: the elements of a row; codes beyond are left out.
  func unpack(
    _ words: RawSpan, rowCount: Int, wordCount: Int, isTransposed: Bool, columnCount: Int,
    into codes: inout MutableRawSpan
  ) {
    if bitCount == 4, !isTransposed, wordCount * 8 == columnCount {
      return PackedRows.unpack(words, bitCount: 4, into: &codes)
    }
    let mask = UInt32(1 << bitCount) - 1
    for row in 0..<rowCount {
      for word in 0..<wordCount {
        let index = isTransposed ? word &* rowCount &+ row : row &* wordCount &+ word
        var bits = UInt32(littleEndian: words.unsafeLoadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
        let first = word &* codesPerWord
        for column in first..<max(first, min(first &+ codesPerWord, columnCount)) {
          codes.storeBytes(
            of: UInt8(truncatingIfNeeded: bits & mask), toByteOffset: row &* columnCount &+ column, as: UInt8.self)
          bits &>>= UInt32(bitCount)
        }
      }
    }
  }
}

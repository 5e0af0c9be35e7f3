import Tensors

/// Word pieces, the longest first from the left (`llm_tokenizer_wpm_session`).
///
/// Differs from BERT's own tokenizer: accents go with the scalars that decompose, every mark is one, a scalar has one
/// lowercase form, and words of any length are split.
struct LongestPieces: LlamaCppAlgorithm {
  private let ids: [ByteString: Int]
  private let longestByteCount: Int
  private let unknownID: UInt32?
  private let lowercases: Bool
  private let stripsAccents: Bool

  init(_ vocabulary: Vocabulary, ids: [ByteString: Int]) {
    self.ids = ids
    longestByteCount = vocabulary.tokens.lazy.map(\.count).max() ?? 0
    unknownID = vocabulary.llamaCppUnknownID
    lowercases = vocabulary.lowercases ?? true
    stripsAccents = vocabulary.stripsAccents ?? lowercases
  }

  func encode(_ text: ArraySlice<UInt8>, followsToken: Bool, into result: inout [UInt32]) {
    for word in words(text) {
      if let pieces = pieces(SentencePieceText.space + word) {
        result += pieces
      } else if let unknownID {
        result.append(unknownID)
      }
    }
  }

  private func pieces(_ word: [UInt8]) -> [UInt32]? {
    var pieces: [UInt32] = []
    var start = 0
    while start < word.count {
      var end = min(word.count, start + longestByteCount + 1)
      while end > start {
        if let id = ids[ByteString(word[start..<end])] {
          pieces.append(UInt32(truncatingIfNeeded: id))
          break
        }
        end -= 1
      }
      guard end > start else { return nil }
      start = end
    }
    return pieces
  }

  private func words(_ text: ArraySlice<UInt8>) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var word: [UInt8] = []
    func closeWord() {
      if !word.isEmpty { words.append(word) }
      word = []
    }
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let scalar = stripsAccents ? scalar.firstDecomposed : scalar
      if scalar.properties.isWhitespace {
        closeWord()
        continue
      }
      if scalar.value == 0 || scalar.value == 0xFFFD || Self.isOf(Self.controls, scalar) { continue }
      if stripsAccents, Self.isOf(Self.marks, scalar) { continue }
      let written = lowercases ? scalar.simpleLowercase : scalar
      let bytes = UTF8.encode(written).map(Array.init) ?? []
      let isSign = Self.isOf(Self.punctuation, scalar) || scalar.value < 0x7F && Self.isOf(Self.symbols, scalar)
      if isSign || WordPiece.isHan(scalar.value) {
        closeWord()
        words.append(bytes)
      } else {
        word += bytes
      }
    }
    closeWord()
    return words
  }

  private static let controls = ["Cc", "Cf", "Co", "Cs"].reduce(0) { $0 | (ScalarFacts.categories($1) ?? 0) }
  private static let marks = ScalarFacts.categories("M") ?? 0
  private static let punctuation = ScalarFacts.categories("P") ?? 0
  private static let symbols = ScalarFacts.categories("S") ?? 0

  private static func isOf(_ categories: UInt32, _ scalar: Unicode.Scalar) -> Bool {
    categories >> UInt32(ScalarFacts.of(scalar.value) & ScalarFacts.categoryMask) & 1 != 0
  }
}

extension Unicode.Scalar {
  /// The first scalar of the decomposed form.
  fileprivate var firstDecomposed: Unicode.Scalar {
    value < 0xC0 ? self : String(self).decomposedScalars.first ?? self
  }

  /// The lowercase scalar of the simple case mapping.
  fileprivate var simpleLowercase: Unicode.Scalar {
    // The only scalar whose full mapping is longer than its simple one.
    if self == "\u{130}" { return "i" }
    let mapped = properties.lowercaseMapping.unicodeScalars
    return mapped.count == 1 ? mapped.first ?? self : self
  }
}

import Tensors

/// SentencePiece pieces merged in the order of their scores (`llm_tokenizer_spm_session`).
///
/// Two neighbors merge if their joined text is a token of any type: the highest score first, of equal scores the leftmost.
/// Text without a token in the end becomes its bytes.
struct ScoredPieces: LlamaCppAlgorithm {
  private let ids: [ByteString: Int]
  private let scores: [Float]
  private let addsSpacePrefix: Bool
  private let byteIDs: [UInt32?]
  private let unknownID: UInt32?
  /// The last scalars of a word that a token joins with a space after them.
  private let scalarsBeforeSpaces: Set<UInt32>

  init(_ vocabulary: Vocabulary, ids: [ByteString: Int]) {
    self.ids = ids
    scores = vocabulary.scores
    addsSpacePrefix = vocabulary.addsSpacePrefix ?? true
    byteIDs = (UInt8.min...UInt8.max).map { byte in
      (ids[ByteString(SentencePieceText.byteName(byte))] ?? ids[ByteString([byte])])
        .map { UInt32(truncatingIfNeeded: $0) }
    }
    unknownID = vocabulary.llamaCppUnknownID
    var before: Set<UInt32> = []
    for token in vocabulary.tokens where token.count > SentencePieceText.space.count {
      var previous: UInt32?
      for scalar in String(decoding: token, as: UTF8.self).unicodeScalars {
        if scalar == "\u{2581}", let previous { before.insert(previous) }
        previous = scalar.value
      }
    }
    scalarsBeforeSpaces = before
  }

  func encode(_ text: ArraySlice<UInt8>, followsToken: Bool, into result: inout [UInt32]) {
    let prepared = SentencePieceText.prepare(
      text, prefix: addsSpacePrefix && followsToken ? .everySegmentAlways : .never, isFirst: followsToken)
    var cache = WordCache()
    for word in words(prepared) {
      result += cache.ids(of: ByteString(prepared[word])) { _ in merged(prepared[word]) }
    }
  }

  /// Cuts text before each space that no token joins with the scalar before it, so that the cuts change no merge.
  private func words(_ text: [UInt8]) -> [Range<Int>] {
    let space = SentencePieceText.space
    var words: [Range<Int>] = []
    var start = 0
    var previousStart = 0
    var position = 0
    while position < text.count {
      let length = min(SentencePieceText.scalarByteCount(text[position]), text.count - position)
      if position > start, length == space.count, text[position..<position + length].elementsEqual(space),
        !scalarsBeforeSpaces.contains(Self.scalar(text[previousStart..<position]))
      {
        words.append(start..<position)
        start = position
      }
      previousStart = position
      position += length
    }
    if start < text.count { words.append(start..<text.count) }
    return words
  }

  private static func scalar(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.first?.value ?? 0
  }

  /// A symbol in a doubly linked list; `-1` ends it. A merged symbol has no bytes.
  private struct Symbol {
    var start: Int
    var byteCount: Int
    var previous: Int
    var next: Int
  }

  /// Two neighbors that may merge, ordered by score and position.
  private struct Candidate: Comparable {
    let key: UInt64
    let right: Int
    let byteCount: Int

    /// Orders by falling score, then by rising position.
    init(score: Float, left: Int, right: Int, byteCount: Int) {
      let bits = (score + 0).bitPattern
      let rising = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
      key = UInt64(~rising) << 32 | UInt64(UInt32(truncatingIfNeeded: left))
      self.right = right
      self.byteCount = byteCount
    }

    var left: Int { Int(key & 0xFFFF_FFFF) }
    static func < (one: Self, other: Self) -> Bool { one.key < other.key }
  }

  private func merged(_ word: ArraySlice<UInt8>) -> [UInt32] {
    var symbols: [Symbol] = []
    var position = word.startIndex
    while position < word.endIndex {
      let length = min(SentencePieceText.scalarByteCount(word[position]), word.endIndex - position)
      let index = symbols.count
      symbols.append(
        Symbol(
          start: position, byteCount: length, previous: index - 1,
          next: position + length < word.endIndex ? index + 1 : -1))
      position += length
    }
    var heap = MinimumHeap<Candidate>()
    func push(_ left: Int, _ right: Int) {
      guard left >= 0, right >= 0 else { return }
      let byteCount = symbols[left].byteCount + symbols[right].byteCount
      guard let id = ids[ByteString(word[symbols[left].start..<symbols[left].start + byteCount])] else { return }
      heap.push(Candidate(score: scores[id], left: left, right: right, byteCount: byteCount))
    }
    for index in symbols.indices.dropFirst() { push(index - 1, index) }
    while let best = heap.pop() {
      let (left, right) = (best.left, best.right)
      guard symbols[left].byteCount > 0, symbols[right].byteCount > 0,
        symbols[left].byteCount + symbols[right].byteCount == best.byteCount
      else { continue }
      symbols[left].byteCount = best.byteCount
      symbols[right].byteCount = 0
      let following = symbols[right].next
      symbols[left].next = following
      if following >= 0 { symbols[following].previous = left }
      push(symbols[left].previous, left)
      push(left, following)
    }
    var encoded: [UInt32] = []
    for symbol in symbols where symbol.byteCount > 0 {
      let bytes = word[symbol.start..<symbol.start + symbol.byteCount]
      if let id = ids[ByteString(bytes)] {
        encoded.append(UInt32(truncatingIfNeeded: id))
      } else {
        for byte in bytes { if let id = byteIDs[Int(byte)] ?? unknownID { encoded.append(id) } }
      }
    }
    return encoded
  }
}

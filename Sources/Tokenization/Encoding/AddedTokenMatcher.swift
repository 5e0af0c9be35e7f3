/// Matches added tokens in text: from left to right, the longest first, never overlapping.
struct AddedTokenMatcher: Sendable {
  /// A segment of text, or an added token.
  enum Segment {
    case text(Range<Int>)
    case token(Int)
  }

  /// The indices of the tokens by their texts.
  private var trie = ByteTrie()
  private let tokens: [AddedToken]

  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() where !token.text.isEmpty { trie.insert(token.text.utf8, index) }
  }

  /// Splits `bytes[bounds]` into added tokens and the text between them.
  func segments(of bytes: [UInt8], _ bounds: Range<Int>, _ body: (Segment) -> Void) {
    guard !trie.isEmpty else {
      if !bounds.isEmpty { body(.text(bounds)) }
      return
    }
    var gap = bounds.lowerBound
    var position = bounds.lowerBound
    while position < bounds.upperBound {
      guard let (index, end) = longest(bytes, bounds, at: position) else {
        position += 1
        continue
      }
      let token = tokens[index]
      var start = position, stop = end
      if token.options.contains(.singleWord), isWord(before: start, bytes, bounds) || isWord(after: stop, bytes, bounds)
      {
        position = end
        continue
      }
      if token.options.contains(.lstrip) { start = max(gap, spaceStart(before: start, bytes, gap)) }
      if token.options.contains(.rstrip) { stop = spaceEnd(after: stop, bytes, bounds) }
      if gap < start { body(.text(gap..<start)) }
      body(.token(token.id))
      gap = stop
      position = stop
    }
    if gap < bounds.upperBound { body(.text(gap..<bounds.upperBound)) }
  }

  private func longest(_ bytes: [UInt8], _ bounds: Range<Int>, at start: Int) -> (token: Int, end: Int)? {
    var best: (Int, Int)?
    trie.forEachMatch(in: bytes, from: start, to: bounds.upperBound) { best = ($0, $1) }
    return best
  }

  private func scalar(before end: Int, _ bytes: [UInt8], _ start: Int) -> (value: UInt32, start: Int)? {
    guard end > start else { return nil }
    var first = end - 1
    while first > start, bytes[first] & 0xC0 == 0x80 { first -= 1 }
    let text = String(decoding: bytes[first..<end], as: UTF8.self)
    return text.unicodeScalars.first.map { ($0.value, first) }
  }

  private func scalar(after start: Int, _ bytes: [UInt8], _ end: Int) -> (value: UInt32, end: Int)? {
    guard start < end else { return nil }
    var last = start + 1
    while last < end, bytes[last] & 0xC0 == 0x80 { last += 1 }
    let text = String(decoding: bytes[start..<last], as: UTF8.self)
    return text.unicodeScalars.first.map { ($0.value, last) }
  }

  private func isWord(before position: Int, _ bytes: [UInt8], _ bounds: Range<Int>) -> Bool {
    scalar(before: position, bytes, bounds.lowerBound).map { Pattern.wordSet.contains($0.value) } ?? false
  }

  private func isWord(after position: Int, _ bytes: [UInt8], _ bounds: Range<Int>) -> Bool {
    scalar(after: position, bytes, bounds.upperBound).map { Pattern.wordSet.contains($0.value) } ?? false
  }

  private func spaceStart(before position: Int, _ bytes: [UInt8], _ limit: Int) -> Int {
    var start = position
    while let (value, first) = scalar(before: start, bytes, limit), Self.isSpace(value) { start = first }
    return start
  }

  private func spaceEnd(after position: Int, _ bytes: [UInt8], _ bounds: Range<Int>) -> Int {
    var end = position
    while let (value, last) = scalar(after: end, bytes, bounds.upperBound), Self.isSpace(value) { end = last }
    return end
  }

  private static func isSpace(_ value: UInt32) -> Bool { ScalarFacts.of(value) & ScalarFacts.whiteSpace != 0 }
}

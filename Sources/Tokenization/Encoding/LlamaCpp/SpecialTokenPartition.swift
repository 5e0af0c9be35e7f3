import Tensors

/// Cuts special tokens out of a text as llama.cpp does: the longest token everywhere first, then the next longest.
struct SpecialTokenPartition: Sendable {
  private struct Token: Sendable {
    let id: Int
    let byteCount: Int
    /// Whether it is matched even where special tokens are plain text.
    let isUserDefined: Bool
    let strippedSides: AddedToken.Options
  }

  private struct Match {
    let token: Int
    let start: Int
  }

  /// The indices of the tokens by their texts.
  private var trie = ByteTrie()
  private var tokens: [Token] = []

  /// Indexes the control, unknown and user-defined tokens.
  init(_ vocabulary: Vocabulary) {
    let types = SpecialTokenTexts.types(in: vocabulary)
    for id in vocabulary.tokens.indices {
      let type = types[id] ?? vocabulary.types[id]
      guard type == .control || type == .unknown || type == .userDefined, !vocabulary.tokens[id].isEmpty else {
        continue
      }
      trie.insert(vocabulary.tokens[id], tokens.count)
      tokens.append(
        Token(
          id: id, byteCount: vocabulary.tokens[id].count, isUserDefined: type == .userDefined,
          strippedSides: vocabulary.strippedSides[id] ?? []))
    }
  }

  /// Splits `bytes` into special tokens and the text between them.
  func segments(of bytes: [UInt8], _ matching: SpecialTokenMatching, _ body: (AddedTokenMatcher.Segment) -> Void) {
    let matches = matches(in: bytes, matching)
    guard !matches.isEmpty else {
      if !bytes.isEmpty { body(.text(0..<bytes.count)) }
      return
    }
    var isTaken = [Bool](repeating: false, count: bytes.count)
    var tokenAt: [Int: Token] = [:]
    for match in matches {
      let token = tokens[match.token]
      let range = match.start..<match.start + token.byteCount
      guard !range.contains(where: { isTaken[$0] }) else { continue }
      for index in range { isTaken[index] = true }
      tokenAt[match.start] = token
      if token.strippedSides.contains(.lstrip) {
        var index = range.lowerBound - 1
        while index >= 0, !isTaken[index], Self.isSpace(bytes[index]) {
          isTaken[index] = true
          index -= 1
        }
      }
      if token.strippedSides.contains(.rstrip) {
        var index = range.upperBound
        while index < bytes.count, !isTaken[index], Self.isSpace(bytes[index]) {
          isTaken[index] = true
          index += 1
        }
      }
    }
    var position = 0
    while position < bytes.count {
      if let token = tokenAt[position] {
        body(.token(token.id))
        position += token.byteCount
      } else if isTaken[position] {
        position += 1
      } else {
        let end = isTaken[position...].firstIndex(of: true) ?? bytes.count
        body(.text(position..<end))
        position = end
      }
    }
  }

  /// The occurrences of tokens: longer tokens first, then those of lower id, each from left to right.
  private func matches(in bytes: [UInt8], _ matching: SpecialTokenMatching) -> [Match] {
    var matches: [Match] = []
    for start in bytes.indices {
      trie.forEachMatch(in: bytes, from: start, to: bytes.count) { token, _ in
        guard matching == .matched || tokens[token].isUserDefined else { return }
        matches.append(Match(token: token, start: start))
      }
    }
    return matches.sorted { one, other in
      let (first, second) = (tokens[one.token], tokens[other.token])
      if first.byteCount != second.byteCount { return first.byteCount > second.byteCount }
      return one.token == other.token ? one.start < other.start : one.token < other.token
    }
  }

  /// C's `isspace`.
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

import Bytes
import Tensors

/// The treatment of special tokens in decoding.
public enum SpecialTokenText: Sendable {
  /// Their texts appear.
  case kept
  /// They are omitted.
  case skipped
}

extension Tokenizer {
  /// The bytes of `ids`; ids outside the vocabulary give none.
  public func decodeBytes(_ ids: [Int], specialTokens: SpecialTokenText = .kept) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in parts(ids, specialTokens) { bytes += part.bytes }
    return withoutPrefix(bytes)
  }

  /// The text of `ids`.
  ///
  /// Invalid UTF-8 becomes U+FFFD: for SentencePiece each byte of an invalid sequence, for byte-level vocabularies each
  /// invalid sequence, as in transformers.
  public func decode(_ ids: [Int], specialTokens: SpecialTokenText = .kept) -> String {
    guard vocabulary.kind.hasScores else {
      return String(decoding: decodeBytes(ids, specialTokens: specialTokens), as: UTF8.self)
    }
    var bytes: [UInt8] = []
    var run: [UInt8] = []
    func closeRun() {
      if String(validating: run, as: UTF8.self) != nil {
        bytes += run
      } else {
        for _ in run { bytes += Array("\u{FFFD}".utf8) }
      }
      run = []
    }
    for part in parts(ids, specialTokens) {
      if part.isByte {
        run += part.bytes
      } else {
        closeRun()
        bytes += part.bytes
      }
    }
    closeRun()
    return String(decoding: withoutPrefix(bytes), as: UTF8.self)
  }

  private func parts(_ ids: [Int], _ specialTokens: SpecialTokenText) -> [(bytes: [UInt8], isByte: Bool)] {
    let special =
      specialTokens == .skipped ? Set(vocabulary.addedTokens.filter { $0.options.contains(.special) }.map(\.id)) : []
    // Padding tokens can still be added tokens of the files.
    let unused = vocabulary.addedTokens.lazy.filter { vocabulary.tokens.indices.contains($0.id) }
      .filter { vocabulary.types[$0.id] == .unused }.map { ($0.id, $0.text) }
    let addedTexts = Dictionary(unused, uniquingKeysWith: { first, _ in first })
    var isFirst = true
    return ids.compactMap { id in
      guard vocabulary.tokens.indices.contains(id), !special.contains(id) else { return nil }
      let text = addedTexts[id] ?? vocabulary.tokens.text(id)
      switch vocabulary.kind {
      case .byteLevel: return (ByteLevel.decode(text), false)
      case .sentencePiece, .mergedPieces:
        if let byte = text.byteOfName { return ([byte], true) }
        return (Array(text.replacing(scalar: "\u{2581}", with: " ").utf8), false)
      case .unigram:
        defer { isFirst = false }
        if let byte = text.byteOfName { return ([byte], true) }
        let spaced = text.replacing(scalar: "\u{2581}", with: " ")
        let isStripped = isFirst && vocabulary.spacePrefix != .never
        return (isStripped ? spaced.utf8.filter { $0 != 0x20 } : Array(spaced.utf8), false)
      case .wordPiece:
        defer { isFirst = false }
        return (Self.wordPieceBytes(text, isControl: vocabulary.types[id] == .control, isFirst: isFirst), false)
      }
    }
  }

  /// A word piece after others: a new word after a space, but `.`, `,`, `!` and `?` without one, as transformers cleans
  /// up tokenization spaces.
  private static func wordPieceBytes(_ text: String, isControl: Bool, isFirst: Bool) -> [UInt8] {
    let bytes = Array(text.utf8)
    let beginsWord = !isControl && bytes.starts(with: SentencePieceText.space)
    let bare = beginsWord ? Array(bytes.dropFirst(SentencePieceText.space.count)) : bytes
    guard beginsWord || isControl else { return isFirst ? WordPiece.continuation + bare : bare }
    let isClose = bare.first.map { ".,!?".utf8.contains($0) } ?? false
    return isFirst || isClose ? bare : [0x20] + bare
  }

  /// The bytes without the space prefix.
  private func withoutPrefix(_ bytes: [UInt8]) -> [UInt8] {
    guard vocabulary.kind == .sentencePiece, vocabulary.spacePrefix != .never, bytes.first == 0x20 else { return bytes }
    return Array(bytes.dropFirst())
  }
}

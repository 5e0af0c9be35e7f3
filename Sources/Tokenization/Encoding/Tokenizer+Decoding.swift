import Bytes
import Tensors

/// What happens to special tokens when ids are turned into text.
public enum SpecialTokenText: Sendable {
  /// Their texts appear.
  case kept
  /// They are left out.
  case skipped
}

extension Tokenizer {
  /// The bytes of `ids`; ids outside the vocabulary give nothing.
  public func decodeBytes(_ ids: [Int], specialTokens: SpecialTokenText = .kept) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in parts(ids, specialTokens) { bytes += part.bytes }
    return withoutPrefix(bytes)
  }

  /// The text of `ids`.
  ///
  /// Bytes that make no text become U+FFFD: for SentencePiece each byte of a broken run, for byte-level vocabularies
  /// each broken sequence, as transformers shows them.
  public func decode(_ ids: [Int], specialTokens: SpecialTokenText = .kept) -> String {
    guard vocabulary.kind == .sentencePiece else {
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
    let special = specialTokens == .skipped ? Set(vocabulary.addedTokens.filter(\.isSpecial).map(\.id)) : []
    return ids.compactMap { id in
      guard vocabulary.tokens.indices.contains(id), !special.contains(id) else { return nil }
      let text = vocabulary.tokens.text(id)
      switch vocabulary.kind {
      case .byteLevel: return (ByteLevel.decode(text), false)
      case .sentencePiece:
        if let byte = text.byteOfName { return ([byte], true) }
        return (Array(text.replacing(scalar: "\u{2581}", with: " ").utf8), false)
      }
    }
  }

  /// The bytes without the space that encoding put before the text.
  private func withoutPrefix(_ bytes: [UInt8]) -> [UInt8] {
    guard vocabulary.kind == .sentencePiece, vocabulary.spacePrefix != .never, bytes.first == 0x20 else { return bytes }
    return Array(bytes.dropFirst())
  }
}

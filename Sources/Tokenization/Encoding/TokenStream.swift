import Bytes
import Tensors

/// Encodes a long text part by part, with the ids of the whole text.
///
/// Text is cut before a single space between two ASCII letters, at which every pre-tokenizer cuts too, unless a token
/// spans the place. Only the text since the last cut is kept.
public struct TokenStream: Sendable {
  private let tokenizer: Tokenizer
  private let matching: SpecialTokenMatching
  /// The letters that a token joins with a space after them.
  private let joiningLetters: Set<UInt8>
  /// Added tokens with a space inside.
  private let spacedTokens: [[UInt8]]
  private var pending: [UInt8] = []
  private var beginsText = true

  /// Starts a text, without the tokens around a prompt.
  public init(_ tokenizer: Tokenizer, matching: SpecialTokenMatching = .matched) {
    self.tokenizer = tokenizer
    self.matching = matching
    let vocabulary = tokenizer.vocabulary
    var letters: Set<UInt8> = []
    if vocabulary.kind.hasScores {
      for token in vocabulary.tokens where token.count > SentencePieceText.space.count {
        for index in token.indices.dropFirst() {
          let rest = token[index...]
          if rest.first == 0x20 || rest.starts(with: SentencePieceText.space) { letters.insert(token[index - 1]) }
        }
      }
    }
    joiningLetters = letters
    let special = vocabulary.tokens.indices.lazy.filter {
      [.control, .unknown, .userDefined].contains(vocabulary.types[$0])
    }
    spacedTokens = (special.map { Array(vocabulary.tokens[$0]) } + vocabulary.addedTokens.map { Array($0.text.utf8) })
      .filter { $0.dropFirst().dropLast().contains(0x20) }
  }

  /// The bytes that wait for a place to cut.
  public var pendingByteCount: Int { pending.count }

  /// Adds bytes of the text, and returns the ids of the text up to the last place to cut.
  ///
  /// - Returns: nil if that text is not UTF-8.
  public mutating func append(_ bytes: some Sequence<UInt8>) -> [Int]? {
    pending.append(contentsOf: bytes)
    guard let cut = lastCut() else { return [] }
    defer { pending.removeFirst(cut) }
    return encode(pending[..<cut])
  }

  /// Returns the ids of the rest of the text; nil if it is not UTF-8.
  public mutating func finish() -> [Int]? {
    defer { pending = [] }
    return encode(pending[...])
  }

  private mutating func encode(_ bytes: ArraySlice<UInt8>) -> [Int]? {
    guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
    var ids: [UInt32] = []
    let options = TextEncoderOptions(matching: matching, beginsText: beginsText)
    tokenizer.encoder.encode(Array(bytes), options, into: &ids)
    if !bytes.isEmpty { beginsText = false }
    return ids.map { Int($0) }
  }

  private func lastCut() -> Int? {
    var position = pending.count - 2
    while position > 0 {
      if pending[position] == 0x20, Self.isLetter(pending[position - 1]), Self.isLetter(pending[position + 1]),
        !joiningLetters.contains(pending[position - 1]), !isInsideToken(position)
      {
        return position
      }
      position -= 1
    }
    return nil
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }

  /// Whether an added token may span the bytes before and at `position`.
  private func isInsideToken(_ position: Int) -> Bool {
    spacedTokens.contains { token in
      (1..<token.count).contains { offset in
        let start = position - offset
        guard start >= 0 else { return false }
        let common = min(token.count, pending.count - start)
        return pending[start..<start + common].elementsEqual(token.prefix(common))
      }
    }
  }
}

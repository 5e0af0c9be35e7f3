import Tensors

/// Unigram pieces: the most probable segmentation of normalized text (`llm_tokenizer_ugm_session`).
///
/// The vocabulary states whether a space is put before text and whether runs of spaces are collapsed; absent keys mean no.
struct UnigramText: LlamaCppAlgorithm {
  private let model: UnigramModel
  private let replacements: ReplacementTable?
  private let addsSpacePrefix: Bool
  private let collapsesSpaces: Bool
  private let unknownID: UInt32?
  /// The prefixes of user-defined tokens, whose text is never replaced.
  private let userDefinedPrefixes: Set<ByteString>

  init(_ vocabulary: Vocabulary) {
    model = UnigramModel(vocabulary)
    replacements = ReplacementTable(vocabulary.normalizationTable)
    addsSpacePrefix = vocabulary.addsSpacePrefix ?? false
    collapsesSpaces = vocabulary.removesExtraSpaces ?? false
    unknownID = vocabulary.llamaCppUnknownID
    var prefixes: Set<ByteString> = []
    for id in vocabulary.tokens.indices where vocabulary.types[id] == .userDefined {
      let text = vocabulary.tokens[id].prefix(Vocabulary.cutPieceByteLimit)
      for end in text.indices { prefixes.insert(ByteString(text[...end])) }
    }
    userDefinedPrefixes = prefixes
  }

  func encode(_ text: ArraySlice<UInt8>, followsToken: Bool, into result: inout [UInt32]) {
    for part in model.parts(of: normalized(text, beginsSegment: followsToken)) {
      if let id = part.id.map({ UInt32(truncatingIfNeeded: $0) }) ?? unknownID { result.append(id) }
    }
  }

  private func normalized(_ text: ArraySlice<UInt8>, beginsSegment: Bool) -> [UInt8] {
    var normalized: [UInt8] = []
    normalized.reserveCapacity(text.count + text.count / 2)
    var hasPrefix = !beginsSegment
    var isInWord = false
    var position = text.startIndex
    while position < text.endIndex {
      let (replaced, byteCount) = replacement(text[position...])
      for byte in replaced {
        if byte == 0x20 {
          isInWord = false
          if !collapsesSpaces { normalized += SentencePieceText.space }
          continue
        }
        if !isInWord {
          isInWord = true
          if addsSpacePrefix && !hasPrefix || collapsesSpaces {
            normalized += SentencePieceText.space
            hasPrefix = true
          }
        }
        normalized.append(byte)
      }
      position += byteCount
    }
    return normalized
  }

  /// What replaces the beginning of `text`, and the bytes that are replaced.
  private func replacement(_ text: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, byteCount: Int) {
    var end = text.startIndex
    while end < text.endIndex, userDefinedPrefixes.contains(ByteString(text[text.startIndex...end])) { end += 1 }
    if end > text.startIndex { return (text[..<end], end - text.startIndex) }
    if let found = replacements?.longest(text) { return found }
    let length = min(SentencePieceText.scalarByteCount(text[text.startIndex]), text.count)
    return (text.prefix(length), length)
  }
}

import Bytes
import Tensors

/// The form of the pieces of a BPE model in `tokenizer.json`.
enum PieceForm {
  /// SentencePiece pieces, with `<0xHH>` for bytes that no piece has.
  case sentencePiece
  /// Pieces with `▁` for a space, but without bytes.
  case sentencePieceWithoutBytes
  /// Bytes written as printable characters.
  case byteLevel
  /// Pieces of characters, without a sign for spaces.
  case characters

  /// Recognizes the pieces of a `tokenizer.json`; nil if its model is not BPE.
  init?(_ tokenizer: JSON) {
    guard let model = tokenizer["model"], model["type"]?.string == "BPE" else { return nil }
    let hasStep = ["pre_tokenizer", "normalizer", "decoder"].contains {
      tokenizer[$0]?.mentions("ByteLevel") ?? false
    }
    func hasPieces(beginningWith space: String) -> Bool {
      model["vocab"]?.object?.keys.contains { $0.text.utf8.starts(with: space.utf8) } ?? false
    }
    if hasStep {
      self = .byteLevel
    } else if model["byte_fallback"]?.bool == true {
      self = .sentencePiece
    } else if hasPieces(beginningWith: "\u{2581}") {
      self = .sentencePieceWithoutBytes
    } else {
      // Without a step that says so, the pieces do: `Ġ` is the byte of a space.
      self = hasPieces(beginningWith: "\u{120}") ? .byteLevel : .characters
    }
  }
}

extension HuggingFaceVocabularyReader {
  /// Reads by the first source whose files are there.
  ///
  /// Files that no source takes are an error that says what they are.
  mutating func readFirstSource() throws(VocabularyError) {
    for source in rules.sources where try read(source) { return }
    throw noSource()
  }

  /// Reads by `source`; false if its files are not there.
  private mutating func read(_ source: VocabularyRules.Source) throws(VocabularyError) -> Bool {
    switch source {
    case .sentencePiece:
      if let bytes = files.sentencePiece {
        try readSentencePiece(try SentencePieceModel(bytes))
      } else if let tokenizer = files.tokenizer, PieceForm(tokenizer) == .sentencePiece {
        try readSentencePieceLike(tokenizer)
      } else {
        return false
      }
    case .mergedPieces:
      guard let tokenizer = files.tokenizer, PieceForm(tokenizer) == .sentencePiece else { return false }
      try readMergedPieces(tokenizer)
    case .byteLevel:
      if let tokenizer = files.tokenizer {
        guard PieceForm(tokenizer) == .byteLevel else { return false }
        try readByteLevel(tokenizer)
      } else if let vocabulary = files.vocabulary, let merges = files.merges {
        try readByteLevel(vocabulary: vocabulary, merges: merges)
      } else {
        return false
      }
    case .wordPiece: return try readWordPiece()
    case .unigram: return try readUnigram()
    }
    return true
  }

  /// Why no source takes the files.
  private func noSource() -> VocabularyError {
    let expected = rules.sources.map(\.contents).joined(separator: " or ")
    if let tokenizer = files.tokenizer {
      let found =
        switch PieceForm(tokenizer) {
        case .sentencePiece: "has SentencePiece pieces"
        case .sentencePieceWithoutBytes: "has SentencePiece pieces without byte fallback"
        case .byteLevel where files.rankedFamily != nil: "is a file of ranked byte-level pieces"
        case .byteLevel: "has byte-level pieces"
        case .characters: "has BPE pieces that are neither bytes nor SentencePiece's"
        case nil: "has a model of type \((tokenizer["model"]?["type"]?.string ?? "none").quoted)"
        }
      return .otherForm(file: files.tokenizerFile, found: found, expected: expected)
    }
    if files.vocabulary != nil, files.merges == nil { return .missingFile("merges.txt", beside: "vocab.json") }
    if let unread = files.unreadVocabulary {
      return .otherForm(file: unread.file, found: unread.fact, expected: expected)
    }
    return .noTokenizer(expected: rules.sources.flatMap(\.files))
  }
}

import Bytes
import Tensors

// The sections of a tokenizer.json for word pieces and for unigram models.

extension Vocabulary {
  // MARK: Word pieces

  var wordNormalizer: JSON {
    .members([
      "type": .string("BertNormalizer"), "clean_text": .bool(wordRules.cleansText),
      "handle_chinese_chars": .bool(wordRules.separatesHan), "strip_accents": stripsAccents.map { .bool($0) } ?? .null,
      "lowercase": .bool(wordRules.lowercases),
    ])
  }

  var wordDecoder: JSON {
    .members(["type": .string("WordPiece"), "prefix": .string("##"), "cleanup": .bool(true)])
  }

  /// `[CLS] A [SEP]`, and `[CLS] A [SEP] B [SEP]` for a pair.
  var wordTemplate: JSON {
    let start = adds(.bos) ?? true ? special(.bos) : nil
    let end = adds(.eos) ?? true ? special(.eos) ?? special(.sep) : nil
    func part(_ token: (id: Int, text: String)?, _ type: Int) -> [JSON] {
      token.map { [.members(["SpecialToken": .members(["id": .string($0.text), "type_id": .integer(type)])])] } ?? []
    }
    func sequence(_ name: String, _ type: Int) -> [JSON] {
      [.members(["Sequence": .members(["id": .string(name), "type_id": .integer(type)])])]
    }
    var tokens = JSON.Object()
    for token in [start, end].compactMap({ $0 }) {
      tokens[ExactString(token.text)] = .members([
        "id": .string(token.text), "ids": .array([.integer(token.id)]), "tokens": .array([.string(token.text)]),
      ])
    }
    let single = part(start, 0) + sequence("A", 0) + part(end, 0)
    return .members([
      "type": .string("TemplateProcessing"), "single": .array(single),
      "pair": .array(single + sequence("B", 1) + part(end, 1)), "special_tokens": .object(tokens),
    ])
  }

  var wordModel: JSON {
    var vocab = JSON.Object()
    vocab.reserveCapacity(count)
    for id in tokens.indices where types[id] != .unused {
      vocab[ExactString(wordPieceText(id))] = .integer(id)
    }
    return .members([
      "type": .string("WordPiece"), "unk_token": .string(special(.unk)?.text ?? "[UNK]"),
      "continuing_subword_prefix": .string("##"), "max_input_chars_per_word": .integer(WordPiece.wordScalarLimit),
      "vocab": .object(vocab),
    ])
  }

  /// The text of a word piece as files of a folder write it: `##` before a piece that continues a word.
  func wordPieceText(_ id: Int) -> String {
    let text = tokens[id]
    if types[id] == .control { return String(decoding: text, as: UTF8.self) }
    let isStart = text.starts(with: SentencePieceText.space)
    let bytes = isStart ? Array(text.dropFirst(SentencePieceText.space.count)) : WordPiece.continuation + text
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Unigram

  var replacementNormalizer: JSON {
    guard !normalizationTable.isEmpty else { return .null }
    return .members([
      "type": .string("Precompiled"), "precompiled_charsmap": .string(Base64.encode(normalizationTable)),
    ])
  }

  var unigramMetaspace: JSON {
    .members([
      "type": .string("Metaspace"), "replacement": .string("\u{2581}"),
      "prepend_scheme": .string(spacePrefix == .never ? "never" : "always"), "split": .bool(true),
    ])
  }

  var unigramSplitter: JSON {
    guard cutsAtSpaces else { return unigramMetaspace }
    return .members([
      "type": .string("Sequence"),
      "pretokenizers": .array([.members(["type": .string("WhitespaceSplit")]), unigramMetaspace]),
    ])
  }

  var unigramModel: JSON {
    let unknown = id(of: .unk) ?? types.firstIndex(of: .unknown)
    let last = tokens.indices.last { types[$0] != .unused } ?? -1
    let appended = addedTokens.filter { $0.id > last }.sorted { $0.id < $1.id }
    let pieces =
      tokens.indices.prefix(last + 1).map { id -> JSON in
        .array([.string(tokens.text(id)), .real(Double(scores[id]))])
      } + appended.map { .array([.string($0.text), .real(0)]) }
    return .members([
      "type": .string("Unigram"), "unk_id": unknown.map { .integer($0) } ?? .null, "vocab": .array(pieces),
      "byte_fallback": .bool(types.contains(.byte)),
    ])
  }
}

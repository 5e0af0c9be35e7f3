import Bytes
import Tensors

// tokenizer.json, as the `tokenizers` library reads it:
//
//   added_tokens    tokens that are found in text first, with their ids
//   normalizer      a change of the text: none, or composition (NFC)
//   pre_tokenizer   the splitting rules; for SentencePiece the writing of spaces as `▁`
//   post_processor  the special-token template
//   decoder         from tokens back to text
//   model           the vocabulary and the ranked pairs

extension Vocabulary {
  func tokenizerJSON() throws(VocabularyError) -> JSON {
    let model = modelJSON()
    return switch kind {
    case .wordPiece:
      document(
        normalizer: wordNormalizer, preTokenizer: .members(["type": .string("BertPreTokenizer")]),
        postProcessor: wordTemplate, decoder: wordDecoder, model: wordModel)
    case .unigram:
      document(
        normalizer: replacementNormalizer, preTokenizer: unigramSplitter, postProcessor: template,
        decoder: unigramMetaspace, model: unigramModel)
    case .sentencePiece:
      document(
        normalizer: .null, preTokenizer: metaspace, postProcessor: template, decoder: sentencePieceDecoder, model: model
      )
    case .mergedPieces:
      document(
        normalizer: spaceReplacement, preTokenizer: spaceSplit, postProcessor: template,
        decoder: sentencePieceDecoder, model: model)
    case .byteLevel:
      document(
        normalizer: composes ? .members(["type": .string("NFC")]) : .null,
        preTokenizer: try rules().json(addsSpace: spacePrefix == .everySegment),
        postProcessor: byteLevelPostProcessor, decoder: byteLevel(), model: model)
    }
  }

  private func document(
    normalizer: JSON, preTokenizer: JSON, postProcessor: JSON, decoder: JSON, model: JSON
  ) -> JSON {
    let added = addedTokens.map { token in
      var members: JSON.Object = ["id": .integer(token.id)]
      for (key, value) in token.members { members[key] = value }
      return JSON.object(members)
    }
    return .members([
      "version": .string("1.0"), "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": normalizer, "pre_tokenizer": preTokenizer, "post_processor": postProcessor, "decoder": decoder,
      "model": model,
    ])
  }

  private func rules() throws(VocabularyError) -> PreTokenizer {
    guard let rules = PreTokenizer.named(preTokenizer) else { throw .unknownPreTokenizerName(preTokenizer) }
    return rules
  }

  // MARK: Special tokens

  private func byteLevel() -> JSON {
    .members([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(true), "trim_offsets": .bool(true),
      "use_regex": .bool(true),
    ])
  }

  /// Null if additions are unknown, so that the file does not claim any.
  private var byteLevelPostProcessor: JSON {
    let addsStart = adds(.bos) ?? addsStartByName
    guard !additions.isEmpty || addsStart else { return .null }
    guard addsStart || adds(.eos) == true else { return byteLevel() }
    return .members(["type": .string("Sequence"), "processors": .array([byteLevel(), template])])
  }

  /// Whether llama.cpp adds BOS because of the pre-tokenizer's name, where a GGUF does not state it.
  private var addsStartByName: Bool {
    reader == .llamaCpp && PreTokenizer.named(preTokenizer)?.addsStart ?? false
  }

  /// The BOS and EOS that are added, as a template for one text and for a pair.
  var template: JSON {
    let start = adds(.bos) ?? (kind == .byteLevel ? addsStartByName : kind != .unigram) ? special(.bos) : nil
    let end = adds(.eos) ?? (kind == .unigram) ? special(.eos) : nil
    func part(_ text: String, _ type: Int) -> JSON {
      .members(["SpecialToken": .members(["id": .string(text), "type_id": .integer(type)])])
    }
    func sequence(_ name: String, _ type: Int) -> JSON {
      .members(["Sequence": .members(["id": .string(name), "type_id": .integer(type)])])
    }
    func side(_ name: String, _ type: Int, withSpecials: Bool) -> [JSON] {
      var parts = [sequence(name, type)]
      guard withSpecials else { return parts }
      if let start { parts.insert(part(start.text, type), at: 0) }
      if let end { parts.append(part(end.text, type)) }
      return parts
    }
    let first = side("A", 0, withSpecials: true)
    // Without an answer about the separator, no token between the texts may be taken for one.
    let hasSeparatorAnswer = additions.contains { $0.role == .sep }
    let pair =
      hasSeparatorAnswer
      ? first + side("B", 1, withSpecials: true)
      : (start.map { [part($0.text, 0)] } ?? []) + [sequence("A", 0), sequence("B", 1)]
        + (end.map { [part($0.text, 1)] } ?? [])
    var specials = JSON.Object()
    for token in [start, end].compactMap({ $0 }) {
      specials[ExactString(token.text)] = .members([
        "id": .string(token.text), "ids": .array([.integer(token.id)]), "tokens": .array([.string(token.text)]),
      ])
    }
    return .members([
      "type": .string("TemplateProcessing"), "single": .array(first), "pair": .array(pair),
      "special_tokens": .object(specials),
    ])
  }

  func special(_ role: SpecialToken) -> (id: Int, text: String)? {
    guard let id = id(of: role), let text = text(of: id) else { return nil }
    return (id, text)
  }

  // MARK: SentencePiece

  private var metaspace: JSON {
    let scheme =
      switch spacePrefix {
      case .never: "never"
      case .first, .firstAlways: "first"
      case .everySegment, .everySegmentAlways: "always"
      }
    return .members([
      "type": .string("Metaspace"), "replacement": .string("\u{2581}"), "prepend_scheme": .string(scheme),
      "split": .bool(false),
    ])
  }

  /// Spaces written as `▁`.
  private var spaceReplacement: JSON {
    .members([
      "type": .string("Replace"), "pattern": .members(["String": .string(" ")]), "content": .string("\u{2581}"),
    ])
  }

  /// A split that finds no space after the replacement, as Gemma's class has it.
  private var spaceSplit: JSON {
    .members([
      "type": .string("Split"), "pattern": .members(["String": .string(" ")]),
      "behavior": .string("MergedWithPrevious"), "invert": .bool(false),
    ])
  }

  private var sentencePieceDecoder: JSON {
    var steps: [JSON] = [
      .members([
        "type": .string("Replace"), "pattern": .members(["String": .string("\u{2581}")]), "content": .string(" "),
      ]),
      .members(["type": .string("ByteFallback")]),
      .members(["type": .string("Fuse")]),
    ]
    if spacePrefix != .never {
      steps.append(
        .members(["type": .string("Strip"), "content": .string(" "), "start": .integer(1), "stop": .integer(0)]))
    }
    return .members(["type": .string("Sequence"), "decoders": .array(steps)])
  }

  // MARK: The model

  private func modelJSON() -> JSON {
    let ids = idsByText()
    let appended = appendedIDs
    var vocab = JSON.Object()
    vocab.reserveCapacity(count)
    for (id, text) in tokens.enumerated() where types[id] != .unused && !appended.contains(id) {
      let key = ExactString(pieceText(id))
      if vocab[key] == nil || ids[ByteString(text)] == id { vocab[key] = .integer(id) }
    }
    let merges = rankedMerges(ids: ids).map { merge in
      JSON.string("\(pieceText(merge.left)) \(pieceText(merge.right))")
    }
    let isSentencePiece = kind.joinsPieces
    let unknown = isSentencePiece ? special(.unk)?.text : nil
    return .members([
      "type": .string("BPE"), "dropout": .null, "unk_token": unknown.map { .string($0) } ?? .null,
      "continuing_subword_prefix": .null, "end_of_word_suffix": .null, "fuse_unk": .bool(isSentencePiece),
      "byte_fallback": .bool(isSentencePiece), "ignore_merges": .bool(takesWordsWhole), "vocab": .object(vocab),
      "merges": .array(merges),
    ])
  }

  /// Whether a word that is a token is encoded as that token by the model's own tokenizer.
  private var takesWordsWhole: Bool {
    ignoresMerges || (kind == .byteLevel && PreTokenizer.named(preTokenizer)?.modelIgnoresMerges ?? false)
  }

  /// The added tokens that follow the vocabulary without a gap, which the library numbers consecutively.
  var appendedIDs: Set<Int> {
    let added = Set(addedTokens.map(\.id))
    let base = tokens.indices.filter { types[$0] != .unused && !added.contains($0) }
    guard let last = base.last else { return [] }
    let behind = added.filter { $0 > last }
    // A gap anywhere before would shift the ids.
    let before = tokens.indices.prefix(last + 1)
    let isComplete = before.allSatisfy { types[$0] != .unused }
    guard isComplete, behind.sorted() == Array(last + 1..<last + 1 + behind.count) else { return [] }
    return behind
  }
}

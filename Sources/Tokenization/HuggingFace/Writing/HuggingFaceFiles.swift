import Bytes
import Tensors

/// A file to write into a model folder.
public struct HuggingFaceFile: Sendable, Hashable {
  /// The name in the folder.
  public let name: String
  /// The content.
  public let bytes: [UInt8]
}

extension Vocabulary {
  /// The files from which transformers recreates this tokenizer.
  ///
  /// `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`; for SentencePiece pieces with scores
  /// also `tokenizer.model`, except for fairseq's, whose ids are not those of the pieces.
  ///
  /// - Parameters:
  ///   - classes: the tokenizer classes of transformers, one of which is named.
  ///   - modelType: the `model_type` of the folder; for unigram pieces transformers' class for it is named.
  ///   - contextLength: the longest prompt in tokens, if it is known.
  /// - Throws: `.unknownPreTokenizerName` for a byte-level vocabulary whose splitting rules are not known.
  public func huggingFaceFiles(
    classes: TokenizerClasses, modelType: String? = nil, contextLength: Int? = nil
  ) throws(VocabularyError) -> [HuggingFaceFile] {
    let usual = classes.writtenName(for: kind)
    let registered = kind == .unigram ? modelType.flatMap { classes.registered[$0]?.className } : nil
    let own = registered.map { classes.classes[$0]?.unigramClass ?? $0 }
    guard let own, own != usual, classes.classes[own] != nil else {
      return try withBracketedTokens().withMaskToken().files(className: usual, contextLength)
    }
    return try withMaskToken().files(className: own, contextLength, hasModel: false)
  }

  /// The vocabulary of an encoder with the mask as all published ones have it, except BERT's: with a text, which the reference
  /// converter may leave out, and taking the white space before it.
  private func withMaskToken() -> Vocabulary {
    guard kind != .wordPiece, adds(.bos) == true, adds(.eos) == true, let id = id(of: .mask),
      types.indices.contains(id)
    else { return self }
    var vocabulary = self
    if let index = vocabulary.addedTokens.firstIndex(where: { $0.id == id }) {
      vocabulary.addedTokens[index].options.insert(.lstrip)
    }
    guard types[id] == .unused else { return vocabulary }
    let text = "<mask>"
    var packed = PackedStrings()
    for (index, bytes) in tokens.enumerated() { packed.append(index == id ? Array(text.utf8) : Array(bytes)) }
    vocabulary.tokens = packed
    vocabulary.types[id] = .control
    if vocabulary.scores.indices.contains(id) { vocabulary.scores[id] = 0 }
    vocabulary.addedTokens.append(AddedToken(id: id, text: text, options: [.special, .lstrip]))
    vocabulary.addedTokens.sort { $0.id < $1.id }
    return vocabulary
  }

  /// The vocabulary with the pieces that no text comes to, such as `<s>`, as tokens that are found in it.
  ///
  /// Of a `tokenizer.json` without `tokenizer_config.json` the reference converter keeps no added token as such. Where
  /// there are scores, there was a SentencePiece model, which states the type of each piece.
  private func withBracketedTokens() -> Vocabulary {
    guard kind.joinsPieces, let score = scores.first, scores.allSatisfy({ $0 == score }) else { return self }
    let joined = Set(rankedMerges(ids: idsByText()).map(\.result))
    var vocabulary = self
    for id in tokens.indices where types[id] == .normal && !joined.contains(id) {
      let text = tokens.text(id)
      guard text.utf8.count > 2, text.first == "<", text.last == ">" else { continue }
      vocabulary.types[id] = .control
      vocabulary.addedTokens.append(AddedToken(id: id, text: text, options: .special))
    }
    vocabulary.addedTokens.sort { $0.id < $1.id }
    return vocabulary
  }

  private func files(
    className: String, _ contextLength: Int?, hasModel: Bool = true
  ) throws(VocabularyError) -> [HuggingFaceFile] {
    var files = [
      HuggingFaceFile(name: "tokenizer.json", bytes: try tokenizerJSON().encoded()),
      HuggingFaceFile(name: "tokenizer_config.json", bytes: configuration(className, contextLength).encoded()),
      HuggingFaceFile(name: "special_tokens_map.json", bytes: specialTokensMap().encoded()),
    ]
    if hasModel, let model = sentencePieceModel() {
      let name = kind == .unigram ? "spiece.model" : "tokenizer.model"
      files.append(HuggingFaceFile(name: name, bytes: model.encoded()))
    }
    return files
  }

  /// The roles that transformers knows, with the texts of their tokens.
  ///
  /// A role of an ordinary piece is omitted: transformers would match that piece inside words.
  var namedTokens: [(role: SpecialToken, text: String)] {
    HuggingFaceVocabularyReader.roles.compactMap { role in
      guard let id = id(of: role), tokens.indices.contains(id) else { return nil }
      switch types[id] {
      case .normal, .byte, .unused: return nil
      case .undefined, .unknown, .control, .userDefined: return (role, tokens.text(id))
      }
    }
  }

  private func specialTokensMap() -> JSON {
    .object(
      JSON.Object(
        uniqueKeysWithValues: namedTokens.map { (ExactString($0.role.rawValue + "_token"), .string($0.text)) }))
  }

  private func configuration(_ className: String, _ contextLength: Int?) -> JSON {
    var members = JSON.Object()
    if let answer = adds(.bos) { members["add_bos_token"] = .bool(answer) }
    if let answer = adds(.eos) { members["add_eos_token"] = .bool(answer) }
    if let addsSpacePrefix { members["add_prefix_space"] = .bool(addsSpacePrefix) }
    let decoder = addedTokens.filter { types[$0.id] != .unknown }.map { token in
      (
        ExactString("\(token.id)"),
        JSON.object(JSON.Object(token.members.sorted { $0.key < $1.key }, uniquingKeysWith: { $1 }))
      )
    }
    members["added_tokens_decoder"] = .object(JSON.Object(decoder, uniquingKeysWith: { first, _ in first }))
    for (role, text) in namedTokens where role == .bos || role == .eos {
      members[ExactString(role.rawValue + "_token")] = .string(text)
    }
    if let templates = chatTemplatesJSON { members["chat_template"] = templates }
    members["clean_up_tokenization_spaces"] = .bool(false)
    if kind == .sentencePiece { members["legacy"] = .bool(spacePrefix == .everySegment) }
    if let contextLength { members["model_max_length"] = .integer(contextLength) }
    for (role, text) in namedTokens where role != .bos && role != .eos {
      members[ExactString(role.rawValue + "_token")] = .string(text)
    }
    // LlamaTokenizer has default BOS, EOS and UNK tokens unless the members are null; GemmaTokenizer also PAD and MASK.
    if kind.joinsPieces {
      for role in [SpecialToken.bos, .eos, .unk] + (kind == .mergedPieces ? [.pad, .mask] : []) {
        let key = ExactString(role.rawValue + "_token")
        if members[key] == nil { members[key] = .null }
      }
    }
    if kind == .wordPiece {
      members["do_lower_case"] = .bool(wordRules.lowercases)
      members["strip_accents"] = stripsAccents.map { .bool($0) } ?? .null
      members["tokenize_chinese_chars"] = .bool(wordRules.separatesHan)
    }
    members["tokenizer_class"] = .string(className)
    return .object(members)
  }

  private var chatTemplatesJSON: JSON? {
    if chatTemplates.count == 1, let only = chatTemplate { return .string(only) }
    guard !chatTemplates.isEmpty else { return nil }
    return .array(chatTemplates.map { .members(["name": .string($0.name), "template": .string($0.text)]) })
  }
}

import Bytes
import Tensors

// Which token is the start, the end, …, and whether encoding adds it. The rules are llama.cpp's (`SpecialVocab`):
//
//   1. The post-processor of tokenizer.json says what is added; its first and last token can name start and end.
//   2. tokenizer_config.json names the tokens by text; the ids come from the added tokens of tokenizer.json, so
//      without tokenizer.json nothing is found here. Its add_*_token answers count where the post-processor is silent.
//   3. config.json gives ids where there is none yet.
//   4. The architecture names added tokens for roles that are still open (`named_tokens` of its definition).
//
// special_tokens_map.json and generation_config.json decide nothing.

extension HuggingFaceVocabularyReader {
  static let roles: [SpecialToken] = [.bos, .eos, .unk, .sep, .pad, .cls, .mask]
  /// The id in config.json by which early versions of transformers say that a role has no token.
  static let noToken = -1

  /// Fills in special tokens, additions, chat templates and normalizer answers.
  ///
  /// - Parameter limit: ids from here on are left out; nil accepts every id.
  mutating func readSpecialTokens(limit: Int?) throws(VocabularyError) {
    var roles = Self.roles
    var configuration = SpecialTokenConfiguration(files.configuration)
    if let tokenizer = files.tokenizer {
      readNormalizer(tokenizer["normalizer"])
      configuration.readPostProcessor(tokenizer["post_processor"], roles: &roles, additions: &vocabulary.additions)
    }
    if configuration.isPresent {
      vocabulary.chatTemplates = chatTemplates()
      for role in roles {
        readAddition(of: role)
        guard files.rankedFamily?.takesNamedRoles ?? true, let text = configuration.text(of: role),
          let id = files.idOfAddedToken(text)
        else { continue }
        try setToken(role, to: id, file: "tokenizer_config.json", limit: limit)
      }
    }
    if let template = rules.chatTemplate {
      vocabulary.chatTemplates.removeAll { $0.name == "default" }
      vocabulary.chatTemplates.append(ChatTemplate(text: template))
    }
    for role in roles {
      let key = role.configurationKey
      let own = files.model?[key].flatMap { $0.isNull ? nil : $0 }
      guard let id = (own ?? files.model?["text_config"]?[key])?.integer, id != Self.noToken else { continue }
      try setToken(role, to: id, file: "config.json", limit: limit)
    }
    for named in rules.namedTokens {
      guard let id = files.idOfAddedToken(named.text) else { continue }
      try setToken(named.role, to: id, file: "tokenizer.json", limit: limit)
    }
  }

  private mutating func setToken(
    _ role: SpecialToken, to id: Int, file: String, limit: Int?
  ) throws(VocabularyError) {
    guard id >= 0, UInt32(exactly: id) != nil else {
      throw .invalidID(file: file, token: "\(role.rawValue)_token", id: id)
    }
    guard vocabulary.id(of: role) == nil else { return }
    if let limit, let conflict = VocabularyConflict.beyond(role, id, in: file, size: limit) {
      return conflicts.append(conflict)
    }
    vocabulary.set(role, to: id)
    deciders[role] = file
  }

  private mutating func readAddition(of role: SpecialToken) {
    guard let answer = files.configuration?["add_\(role.rawValue)_token"]?.bool else { return }
    if let earlier = vocabulary.additions.first(where: { $0.role == role }) {
      guard earlier.isAdded != answer else { return }
      conflicts.append(
        .addition(
          role: role, used: earlier.isAdded, usedFile: "tokenizer.json", other: answer,
          otherFile: "tokenizer_config.json"))
    } else {
      vocabulary.additions.append(SpecialTokenAddition(role, answer))
    }
  }

  private mutating func readNormalizer(_ normalizer: JSON?) {
    switch normalizer?["type"]?.string {
    case "Lowercase": vocabulary.lowercases = true
    case "StripAccents": vocabulary.stripsAccents = true
    case "BertNormalizer":
      if let answer = normalizer?["lowercase"]?.bool { vocabulary.lowercases = answer }
      if let answer = normalizer?["strip_accents"]?.bool { vocabulary.stripsAccents = answer }
    case "Sequence":
      for step in normalizer?["normalizers"]?.array ?? [] { readNormalizer(step) }
    default: break
    }
  }

  /// The templates: of `tokenizer_config.json`, else `chat_template.jinja`, else `chat_template.json`.
  func chatTemplates() -> [ChatTemplate] {
    if let own = files.configuration?["chat_template"] { return Self.chatTemplates(own) }
    if let text = files.chatTemplate.map(TokenizerFiles.text) {
      return [ChatTemplate(text: text)] + files.additionalChatTemplates.map(Self.withSafeName)
    }
    return Self.chatTemplates(files.chatTemplateJSON?["chat_template"] ?? .null)
  }

  private static func chatTemplates(_ value: JSON) -> [ChatTemplate] {
    if let text = value.string { return [ChatTemplate(text: text)] }
    return (value.array ?? []).compactMap { entry in
      guard let name = entry["name"]?.string, !name.isEmpty, let text = entry["template"]?.string else { return nil }
      return withSafeName(ChatTemplate(name: name, text: text))
    }
  }

  /// The template under a name that can be part of a key: what is neither an ASCII letter nor a digit becomes `_`.
  private static func withSafeName(_ template: ChatTemplate) -> ChatTemplate {
    let name = template.name.unicodeScalars.map { scalar -> Character in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        ? Character(scalar) : "_"
    }
    return ChatTemplate(name: String(name), text: template.text)
  }
}

extension TokenizerFiles {
  /// The id that `tokenizer.json` gives to the added token `text`; the first entry counts.
  func idOfAddedToken(_ text: String) -> Int? {
    let entry = tokenizer?["added_tokens"]?.array?.first {
      $0["content"]?.string.map { $0.utf8.elementsEqual(text.utf8) } ?? false
    }
    return entry?["id"]?.integer
  }
}

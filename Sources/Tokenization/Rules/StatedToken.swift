import Bytes

extension VocabularyRules {
  /// A role whose token a file of the folder states in its own way; it comes before what the other files say.
  public struct StatedToken: Sendable, Hashable {
    /// Where the id is.
    public enum Source: Sendable, Hashable {
      /// A member of config.json, or of the text model's in it: Hunyuan's `eod_token_id`.
      case configuration(key: String)
      /// The first of several ids in a member of generation_config.json.
      case generation(key: String)
      /// The first of `added_tokens_decoder` in tokenizer_config.json with this text.
      case addedToken(text: String)
    }

    public let role: SpecialToken
    public let source: Source
    /// The member of config.json without which the rule does not apply; nil for none.
    public let requiredMember: String?

    public init(role: SpecialToken, source: Source, requiredMember: String? = nil) {
      self.role = role
      self.source = source
      self.requiredMember = requiredMember
    }

    /// The id that the files state; nil if they state none.
    func id(in files: TokenizerFiles) -> Int? {
      if let requiredMember, files.model?[requiredMember] == nil { return nil }
      switch source {
      case .configuration(let key):
        return (files.model?["text_config"]?[key] ?? files.model?[key])?.integer
      case .generation(let key):
        let ids = files.generation?[key]?.array ?? []
        return ids.count > 1 ? ids[0].integer : nil
      case .addedToken(let text):
        let added = files.configuration?["added_tokens_decoder"]?.object ?? [:]
        return added.first { $0.value["content"]?.string == text }.flatMap { Int($0.key.text) }
      }
    }

    /// The rule as the member `stated_tokens` of a definition has it.
    public var members: JSON {
      let (key, value) =
        switch source {
        case .configuration(let key): ("config", key)
        case .generation(let key): ("generation_config", key)
        case .addedToken(let text): ("added_token", text)
        }
      var members: JSON.Object = [ExactString(key): .string(value)]
      members["with"] = requiredMember.map { .string($0) }
      return .object(members)
    }
  }
}

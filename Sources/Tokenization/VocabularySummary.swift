import Bytes
import Tensors

/// The facts of a vocabulary that people ask for first, without its tokens.
public struct VocabularySummary: Sendable, Hashable {
  /// A special token.
  public struct Special: Sendable, Hashable {
    public let role: SpecialToken
    public let id: Int
    /// Its text; nil if the vocabulary has no such token.
    public let text: String?
  }

  /// The algorithm, as `tokenizer.ggml.model` names it.
  public let kind: String
  /// The name of the pre-tokenizer; nil if none is stated.
  public let preTokenizer: String?
  public let tokenCount: Int
  /// The special tokens, in the order of their roles.
  public let specialTokens: [Special]
  /// The roles whose tokens encoding adds.
  public let addedRoles: [SpecialToken]
  public let chatTemplates: [ChatTemplate]

  /// Summarizes a vocabulary that was read.
  public init(_ vocabulary: Vocabulary) {
    kind = vocabulary.kind.rawValue
    preTokenizer = vocabulary.kind == .byteLevel ? vocabulary.preTokenizer : nil
    tokenCount = vocabulary.count
    specialTokens = SpecialToken.allCases.compactMap { role in
      vocabulary.id(of: role).map { Special(role: role, id: $0, text: vocabulary.text(of: $0)) }
    }
    addedRoles = SpecialToken.allCases.filter { vocabulary.adds($0) == true }
    chatTemplates = vocabulary.chatTemplates
  }

  /// Summarizes the `tokenizer.*` pairs of a GGUF, whose tokens are not looked at; nil if there are none.
  public init?(_ metadata: Metadata) {
    guard let kind = metadata[Vocabulary.Keys.model]?.text, kind != "none" else { return nil }
    self.kind = kind
    preTokenizer = Vocabulary.statedPreTokenizer(metadata)
    let tokens = metadata[Vocabulary.Keys.tokens]?.strings ?? []
    tokenCount = tokens.count
    var ids: [SpecialToken: Int] = [:]
    for (key, value) in metadata.pairs {
      guard let role = Vocabulary.role(ofIDKey: key.text), ids[role] == nil else { continue }
      ids[role] = value.integer
    }
    specialTokens = SpecialToken.allCases.compactMap { role in
      ids[role].map { Special(role: role, id: $0, text: tokens.indices.contains($0) ? tokens.text($0) : nil) }
    }
    addedRoles = SpecialToken.allCases.filter { role in
      Vocabulary.Keys.addition(role).map { metadata[$0]?.bool == true } ?? false
    }
    chatTemplates = Vocabulary.chatTemplates(in: metadata)
  }
}

extension Vocabulary {
  /// The role whose token id is the value of `key` in a GGUF: `eos` for `tokenizer.ggml.eos_token_id`.
  public static func role(ofIDKey key: String) -> SpecialToken? {
    rolesByKey[key] ?? (key == "tokenizer.ggml.cls_token_id" ? .cls : nil)
  }
}

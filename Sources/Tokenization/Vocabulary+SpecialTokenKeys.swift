import Bytes
import Tensors

extension Vocabulary {
  /// The roles by the keys of their ids in a GGUF.
  static let rolesByKey: [String: SpecialToken] = {
    // Older files spell the infilling roles without `fim_`.
    var roles: [String: SpecialToken] = [
      "tokenizer.ggml.prefix_token_id": .fillInPrefix, "tokenizer.ggml.suffix_token_id": .fillInSuffix,
      "tokenizer.ggml.middle_token_id": .fillInMiddle,
    ]
    for role in SpecialToken.allCases {
      if let key = Keys.id(role) { roles[key] = role }
    }
    return roles
  }()

  /// The special tokens in the metadata of a GGUF that its vocabulary does not have, in the order of the keys.
  public static func conflicts(in metadata: Metadata) -> [VocabularyConflict] {
    guard let count = metadata[Keys.tokens]?.array?.count else { return [] }
    return metadata.pairs.compactMap { key, value in
      let role = rolesByKey[key.text] ?? (key.text == "tokenizer.ggml.cls_token_id" ? .cls : nil)
      guard let role, let id = value.integer else { return nil }
      return .beyond(role, id, in: key.text, size: count)
    }
  }
}

import Bytes
import Tokenization

extension VocabularyRules {
  /// All rules, as the member `vocabulary` of a definition has them.
  public var members: JSON.Object {
    func roles(_ tokens: [SpecialTokenID]) -> JSON {
      .object(JSON.Object(uniqueKeysWithValues: tokens.map { (ExactString($0.role.rawValue), .integer($0.id)) }))
    }
    var members: JSON.Object = [
      "sources": .array(sources.map { .string($0.rawValue) }),
      "added_tokens": .string(addedTokens.rawValue),
      "space_prefix": .string(spacePrefix.rawValue),
      "special_tokens": roles(specialTokens),
      "fixed_tokens": roles(fixedTokens),
      "stated_tokens": .object(
        JSON.Object(uniqueKeysWithValues: statedTokens.map { (ExactString($0.role.rawValue), $0.members) })),
      "named_tokens": .object(
        JSON.Object(uniqueKeysWithValues: namedTokens.map { (ExactString($0.role.rawValue), .string($0.text)) })),
      "chat_end": chatEnd.map { .string($0) } ?? .null,
      "substitutes": .object(
        JSON.Object(uniqueKeysWithValues: substitutes.map { (ExactString($0.piece), .string($0.text)) })),
      "shown_tokens": .array(shownTokens.map { .string($0) }),
      "unused_prefix": unusedPrefix.map { .string($0) } ?? .null,
      "pre_tokenizers": .array(preTokenizers.map { .string($0) }),
      "size_rules": .bool(appliesSizeRules),
      "token_type_count": .bool(statesTokenTypeCount),
    ]
    // What few vocabularies have.
    if let chatTemplate { members["chat_template"] = .string(chatTemplate) }
    if let leadingPieces { members["leading_pieces"] = leadingPieces.json }
    if !firstAdditions.isEmpty {
      members["first_additions"] = .object(
        JSON.Object(uniqueKeysWithValues: firstAdditions.map { (ExactString($0.role.rawValue), .bool($0.isAdded)) }))
    }
    return members
  }
}

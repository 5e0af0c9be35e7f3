import Bytes
import Tokenization

extension VocabularyRules {
  /// Reads the member `vocabulary` of a definition; a string names the only source.
  ///
  /// Without the member the rules are those of `VocabularyRules()`. With it, a rule that is absent is switched off: no
  /// space prefix is stated, and no rule follows from the vocabulary's size.
  init(_ json: JSON?) throws(DefinitionError) {
    self.init()
    guard let json else { return }
    spacePrefix = .unset
    appliesSizeRules = false
    guard json.string == nil else {
      sources = [try StrictObject.choice(json, at: "vocabulary")]
      return
    }
    var entry = try StrictObject(json, at: "vocabulary")
    if let named = try entry.array("sources") {
      guard !named.isEmpty else { throw entry.wrongKind("sources", "at least one source", .array(named)) }
      sources = []
      for source in named { sources.append(try StrictObject.choice(source, at: entry.path("sources"))) }
    }
    addedTokens = try entry.choice("added_tokens") ?? addedTokens
    spacePrefix = try entry.choice("space_prefix") ?? spacePrefix
    specialTokens = try Self.ids(&entry, "special_tokens")
    fixedTokens = try Self.ids(&entry, "fixed_tokens")
    for (role, value, keyPath) in try Self.roles(&entry, "stated_tokens") {
      statedTokens.append(try Self.stated(role, value, at: keyPath))
    }
    for (role, value, keyPath) in try Self.roles(&entry, "named_tokens") {
      namedTokens.append(NamedToken(role: role, text: try Self.text(value, at: keyPath)))
    }
    chatEnd = try entry.optionalString("chat_end")
    chatTemplate = try entry.optionalString("chat_template")
    shownTokens = try entry.strings("shown_tokens") ?? []
    unusedPrefix = try entry.optionalString("unused_prefix")
    for member in try entry.members("substitutes") ?? [] {
      substitutes.append(Substitute(piece: member.name, text: try Self.text(member.value, at: member.keyPath)))
    }
    preTokenizers = try entry.strings("pre_tokenizers") ?? []
    for name in preTokenizers where !Vocabulary.preTokenizerNames.contains(name) {
      let nearest = name.nearest(among: Vocabulary.preTokenizerNames)
      throw DefinitionError(
        keyPath: entry.path("pre_tokenizers"), reason: .undeclared(.preTokenizer, name, nearest: nearest))
    }
    if let value = entry.take("leading_pieces") {
      leadingPieces = try LeadingPieces(value, at: entry.path("leading_pieces"))
    }
    for (role, value, keyPath) in try Self.roles(&entry, "first_additions") {
      guard let isAdded = value.bool else {
        throw DefinitionError(keyPath: keyPath, reason: .wrongKind(expected: "a boolean", found: value.kindName))
      }
      firstAdditions.append(SpecialTokenAddition(role, isAdded))
    }
    appliesSizeRules = try entry.flag("size_rules")
    statesTokenTypeCount = try entry.flag("token_type_count")
    try entry.finish()
  }

  /// The members of an object whose names are roles of special tokens: `bos`, `eos`, ….
  static func roles(
    _ entry: inout StrictObject, _ key: String
  ) throws(DefinitionError) -> [(role: SpecialToken, value: JSON, keyPath: String)] {
    var roles: [(role: SpecialToken, value: JSON, keyPath: String)] = []
    for member in try entry.members(key) ?? [] {
      guard let role = SpecialToken(rawValue: member.name) else {
        let nearest = member.name.nearest(among: SpecialToken.allCases.map(\.rawValue))
        throw DefinitionError(keyPath: entry.path(key), reason: .unknownMember(member.name, nearest: nearest))
      }
      roles.append((role, member.value, member.keyPath))
    }
    return roles
  }

  /// `{"eot": 107}`: token ids by role.
  private static func ids(_ entry: inout StrictObject, _ key: String) throws(DefinitionError) -> [SpecialTokenID] {
    var ids: [SpecialTokenID] = []
    for (role, value, keyPath) in try roles(&entry, key) {
      guard let id = value.integer, id >= 0 else {
        throw DefinitionError(keyPath: keyPath, reason: .wrongKind(expected: "a token id", found: value.kindName))
      }
      ids.append(SpecialTokenID(role, id))
    }
    return ids
  }

  /// `{"config": "eod_token_id"}`: the file and the member or text by which it states a token.
  private static func stated(
    _ role: SpecialToken, _ value: JSON, at keyPath: String
  ) throws(DefinitionError) -> StatedToken {
    var entry = try StrictObject(value, at: keyPath)
    let required = try entry.optionalString("with")
    var sources: [StatedToken.Source] = []
    if let key = try entry.optionalString("config") { sources.append(.configuration(key: key)) }
    if let key = try entry.optionalString("generation_config") { sources.append(.generation(key: key)) }
    if let text = try entry.optionalString("added_token") { sources.append(.addedToken(text: text)) }
    try entry.finish()
    guard sources.count == 1 else {
      throw DefinitionError(
        keyPath: keyPath,
        reason: .wrongKind(
          expected: "one of config, generation_config, added_token", found: "\(sources.count) of them"))
    }
    return StatedToken(role: role, source: sources[0], requiredMember: required)
  }

  static func text(_ value: JSON, at keyPath: String) throws(DefinitionError) -> String {
    guard let text = value.string else {
      throw DefinitionError(keyPath: keyPath, reason: .wrongKind(expected: "a string", found: value.kindName))
    }
    return text
  }
}

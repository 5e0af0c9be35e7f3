import Bytes
import Tokenization

// The members `tokenizer_classes` and `tokenizers` of a definition. Neither is inherited: a class and the tokenizer of a
// model type are declared once.

extension TokenizerClasses {
  /// Reads the two members.
  init(_ object: inout StrictObject) throws(DefinitionError) {
    self.init()
    for member in try object.members("tokenizer_classes") ?? [] {
      var entry = try StrictObject(member.value, at: member.keyPath)
      classes[member.name] = try TokenizerClass(&entry)
      try entry.finish()
    }
    for member in try object.members("tokenizers") ?? [] {
      registered[member.name] = try Registration(member.value, at: member.keyPath)
    }
  }

  /// Checks that every class that a model type is registered with is declared.
  func validate() throws(DefinitionError) {
    for (modelType, tokenizer) in registered.sorted(by: { $0.key < $1.key }) {
      let name = tokenizer.className
      guard name == Self.generic || classes[name] != nil else {
        throw DefinitionError(
          keyPath: "tokenizers.\(modelType)",
          reason: .undeclared(.tokenizerClass, name, nearest: name.nearest(among: classes.keys)))
      }
    }
  }
}

extension TokenizerClass {
  fileprivate init(_ entry: inout StrictObject) throws(DefinitionError) {
    self.init()
    for (role, value, keyPath) in try VocabularyRules.roles(&entry, "default_tokens") {
      defaultTokens[role] = try VocabularyRules.text(value, at: keyPath)
    }
    preTokenizer = try entry.optionalString("pre_tokenizer")
    if let name = preTokenizer, !Vocabulary.preTokenizerNames.contains(name) {
      let nearest = name.nearest(among: Vocabulary.preTokenizerNames)
      throw DefinitionError(
        keyPath: entry.path("pre_tokenizer"), reason: .undeclared(.preTokenizer, name, nearest: nearest))
    }
    composes = try entry.optionalFlag("nfc")
    spacePrefix = try entry.choice("space_prefix") ?? spacePrefix
    if let value = entry.take("template") { template = try Template(value, at: entry.path("template")) }
    splitsAtWhitespace = try entry.flag("splits_at_whitespace")
    hasSentinels = try entry.flag("sentinels")
    normalizer = try entry.choice("normalizer") ?? normalizer
    yieldsToByteLevel = try entry.flag("yields_to_byte_level")
    writtenFor = try entry.choice("written_for")
    unigramClass = try entry.optionalString("unigram_class")
  }
}

extension TokenizerClass.Template {
  fileprivate init(_ value: JSON, at keyPath: String) throws(DefinitionError) {
    var entry = try StrictObject(value, at: keyPath)
    func roles(_ key: String) throws(DefinitionError) -> [SpecialToken] {
      var roles: [SpecialToken] = []
      for value in try entry.array(key) ?? [] { roles.append(try StrictObject.choice(value, at: entry.path(key))) }
      return roles
    }
    self.init(prefix: try roles("prefix"), suffix: try roles("suffix"))
    try entry.finish()
  }
}

extension TokenizerClasses.Registration {
  /// A class's name, or `{"class": NAME, "overrides_files": true}`.
  fileprivate init(_ value: JSON, at keyPath: String) throws(DefinitionError) {
    if let name = value.string {
      self.init(className: name)
      return
    }
    var entry = try StrictObject(value, at: keyPath)
    self.init(className: try entry.string("class"), overridesFiles: try entry.flag("overrides_files"))
    try entry.finish()
  }
}

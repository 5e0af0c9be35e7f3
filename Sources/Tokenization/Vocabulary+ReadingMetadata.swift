import Bytes
import Tensors

extension Vocabulary {
  /// Reads the vocabulary from the metadata of a GGUF, as llama.cpp does.
  ///
  /// Only the tokenizer model and the tokens are required. Missing types count as normal, missing scores as 0.
  public init(_ metadata: Metadata) throws(VocabularyError) {
    guard let model = metadata[Keys.model] else { throw .missingKey(Keys.model) }
    guard let name = model.text else { throw .invalidValue(key: Keys.model, expected: "a string") }
    guard let kind = Kind(rawValue: name) else {
      throw .unsupported(
        file: "metadata",
        reason: "a tokenizer of model \(name.quoted) is not supported, expected \"llama\", "
          + "\"gemma4\", \"gpt2\", \"bert\" or \"t5\""
      )
    }
    self.init(kind: kind, preTokenizer: Self.statedPreTokenizer(metadata) ?? Self.defaultPreTokenizer)
    reader = .llamaCpp
    guard let value = metadata[Keys.tokens] else { throw .missingKey(Keys.tokens) }
    guard let texts = value.strings else { throw .invalidValue(key: Keys.tokens, expected: "an array of strings") }
    tokens = texts
    types = try Self.types(metadata, count: texts.count)
    scores = try Self.scores(metadata, count: texts.count, kind: kind)
    if let value = metadata[Keys.merges] {
      guard let pairs = value.strings else { throw .invalidValue(key: Keys.merges, expected: "an array of strings") }
      merges = pairs
    } else if kind == .byteLevel || kind == .mergedPieces, needsMerges {
      throw .missingMerges(file: "metadata", tokenCount: texts.count)
    }
    try readRoles(metadata)
    addsSpacePrefix = metadata[Keys.addSpacePrefix]?.bool
    removesExtraSpaces = metadata[Keys.removeExtraSpaces]?.bool
    lowercases = metadata[Keys.lowercase]?.bool
    stripsAccents = metadata[Keys.stripAccents]?.bool
    tokenTypeCount = metadata[Keys.tokenTypeCount]?.integer
    if let value = metadata[Keys.normalizationTable] {
      guard case .array(.uint8(let table)) = value else {
        throw .invalidValue(key: Keys.normalizationTable, expected: "an array of bytes")
      }
      normalizationTable = table
    }
    chatTemplates = Self.chatTemplates(in: metadata)
    keyOrder = Self.keyOrder(metadata, kind)
    if !(addsSpacePrefix ?? (kind == .sentencePiece)) { spacePrefix = .never }
    spacePrefixPlace = Self.spacePrefixPlace(metadata)
    cutsAtSpaces = removesExtraSpaces ?? (kind != .unigram)
    composes = kind == .byteLevel && PreTokenizer.named(preTokenizer)?.composes ?? false
    wordRules.lowercases = lowercases ?? true
    wordRules.stripsAccents = stripsAccents ?? wordRules.lowercases
    ignoresMerges = kind == .byteLevel && (PreTokenizer.named(preTokenizer)?.ignoresMerges ?? false)
    addedTokens = types.indices.compactMap { id in
      switch types[id] {
      case .control, .unknown: AddedToken(id: id, text: texts.text(id), options: .special)
      case .userDefined: AddedToken(id: id, text: pieceText(id))
      default: nil
      }
    }
    addedTokens += sentinelTokens()
    strippedSides = strippedSides(of: metadata)
  }

  /// The name that llama.cpp assumes where none is stated.
  static let defaultPreTokenizer = "default"

  /// The name in metadata; nil if it is missing or empty, for which llama.cpp assumes `default`.
  static func statedPreTokenizer(_ metadata: Metadata) -> String? {
    metadata[Keys.pre]?.text.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func types(_ metadata: Metadata, count: Int) throws(VocabularyError) -> [TokenType] {
    guard let value = metadata[Keys.types] else { return [TokenType](repeating: .normal, count: count) }
    guard let raw = value.array?.integers else {
      throw .invalidValue(key: Keys.types, expected: "an array of integers")
    }
    guard raw.count == count else { throw .lengthMismatch(key: Keys.types, count: raw.count, tokenCount: count) }
    var types: [TokenType] = []
    types.reserveCapacity(count)
    for (id, number) in raw.enumerated() {
      guard let type = Int32(exactly: number).flatMap(TokenType.init) else {
        throw .unknownTokenType(id: id, type: number)
      }
      types.append(type)
    }
    return types
  }

  private static func scores(
    _ metadata: Metadata, count: Int, kind: Kind
  ) throws(VocabularyError) -> [Float] {
    guard let value = metadata[Keys.scores] else {
      return kind.hasScores ? [Float](repeating: 0, count: count) : []
    }
    let scores: [Float]
    switch value.array {
    case .float32(let values): scores = values
    case .float64(let values): scores = values.map { Float($0) }
    // The converter's zeros for tekken.json are integers.
    case .int32(let values): scores = values.map { Float($0) }
    default: throw .invalidValue(key: Keys.scores, expected: "an array of reals")
    }
    guard scores.count == count else {
      throw .lengthMismatch(key: Keys.scores, count: scores.count, tokenCount: count)
    }
    return kind.hasScores ? scores : []
  }

  private static func spacePrefixPlace(_ metadata: Metadata) -> SpacePrefixKeyOrder {
    guard let place = metadata.pairs.index(forKey: ExactString(Keys.addSpacePrefix)),
      let model = metadata.pairs.index(forKey: ExactString(Keys.model)), place > model
    else { return .first }
    let keys = metadata.pairs.keys
    let isLast = keys.indices[place...].dropFirst().allSatisfy { !keys[$0].text.hasPrefix("tokenizer.") }
    return isLast ? .last : .behindTypes
  }

  /// The order of the keys, by what comes before the tokens and by scores of byte-level pieces.
  private static func keyOrder(_ metadata: Metadata, _ kind: Kind) -> KeyOrder {
    func place(_ key: String) -> Int? { metadata.pairs.index(forKey: ExactString(key)) }
    guard kind == .byteLevel, let merges = place(Keys.merges), let tokens = place(Keys.tokens), merges < tokens,
      place(Keys.scores) != nil
    else { return .usual }
    return .mistral
  }

  private mutating func readRoles(_ metadata: Metadata) throws(VocabularyError) {
    let roles = Self.rolesByKey
    var isLate = false
    var isFirst = true
    for (key, value) in metadata.pairs {
      if key.text == Keys.model { isFirst = false }
      if !specialTokens.isEmpty, Self.followsSpecialTokens(key.text) { isLate = true }
      if let role = roles[key.text] {
        guard let id = value.integer else { throw .invalidValue(key: key.text, expected: "an integer") }
        guard id >= 0, id < tokens.count, self.id(of: role) == nil else { continue }
        if isLate {
          lateSpecialTokens.append(SpecialTokenID(role, id))
        } else {
          specialTokens.append(SpecialTokenID(role, id))
        }
      }
      for role in [SpecialToken.bos, .eos, .sep] where Keys.addition(role) == key.text {
        guard let isAdded = value.bool else { throw .invalidValue(key: key.text, expected: "a boolean") }
        additions.append(SpecialTokenAddition(role, isAdded))
        if isFirst { firstAdditions.append(SpecialTokenAddition(role, isAdded)) }
      }
    }
  }

  /// Whether `key` comes after the special tokens, so that a role after it is a late one.
  private static func followsSpecialTokens(_ key: String) -> Bool {
    [Keys.chatTemplate, "tokenizer.ggml.add_bos", "tokenizer.ggml.add_eos"].contains { key.hasPrefix($0) }
  }

  /// The chat templates in the metadata of a GGUF.
  public static func chatTemplates(in metadata: Metadata) -> [ChatTemplate] {
    var templates = metadata[Keys.chatTemplate]?.text.map { [ChatTemplate(text: $0)] } ?? []
    let prefix = Keys.chatTemplate + "."
    for (key, value) in metadata.pairs where key.text.utf8.starts(with: prefix.utf8) {
      guard let text = value.text else { continue }
      templates.append(ChatTemplate(name: String(key.text.dropFirst(prefix.count)), text: text))
    }
    return templates
  }
}

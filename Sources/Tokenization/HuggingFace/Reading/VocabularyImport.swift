import Bytes
import Tensors

/// A vocabulary and the contradictions of its files.
public struct VocabularyImport: Sendable {
  /// The vocabulary, following the precedence of the reference converter.
  public let vocabulary: Vocabulary
  /// The conflicts between the files, what is assumed, and what a GGUF cannot state.
  public let conflicts: [VocabularyConflict]
  /// Where the vocabulary departs from the reference converter's.
  public var departures: [VocabularyDeparture] = []
  /// Whether the name of the pre-tokenizer is the one that llama.cpp's converter has for this vocabulary.
  public var isNamedByCheckText = false
}

/// How the name of a pre-tokenizer is chosen among names of equal steps.
public enum PreTokenizerNaming: Sendable {
  /// By further facts of the files.
  case byFacts
  /// By the ids of llama.cpp's check text if its converter knows them, otherwise by facts. Encodes a text.
  case byCheckText
}

extension Vocabulary {
  /// The number of rows assumed when `config.json` does not say: the default of the LLaMA configuration.
  static let defaultVocabularySize = 32000

  /// Makes the vocabulary of a model from the files of its folder.
  ///
  /// The first source of the rules whose files are there decides, as in llama.cpp's converter.
  ///
  /// - Parameters:
  ///   - files: the tokenizer files of the folder.
  ///   - rules: how the model's architecture reads its vocabulary.
  ///   - vocabularySize: the rows of the embedding; nil takes `vocab_size` of `config.json`.
  ///   - preTokenizer: the name of the splitting rules, when they shall not be derived from `tokenizer.json`.
  ///   - naming: how the name of the splitting rules is chosen among equal ones.
  ///   - departsFromReference: whether to depart from the reference converter where its vocabulary gives other ids.
  public static func read(
    _ files: TokenizerFiles, rules: VocabularyRules = VocabularyRules(), vocabularySize: Int? = nil,
    preTokenizer: String? = nil, naming: PreTokenizerNaming = .byFacts, departsFromReference: Bool = true
  ) throws(VocabularyError) -> VocabularyImport {
    if let preTokenizer, !preTokenizerNames.contains(preTokenizer) {
      throw .unknownPreTokenizerName(preTokenizer)
    }
    let statedSize = vocabularySize ?? files.model?["vocab_size"]?.integer, limit = files.rowLimit
    if let statedSize, statedSize > limit {
      throw .invalidMember(
        file: "config.json", member: "vocab_size",
        expected: "at most \(limit.grouped) for the tokens of these files, found \(statedSize.grouped)")
    }
    var reader = HuggingFaceVocabularyReader(
      files: files, rules: rules, statedSize: statedSize,
      preTokenizer: preTokenizer, departsFromReference: departsFromReference)
    try reader.readFirstSource()
    if let preTokenizer, reader.vocabulary.kind.hasScores {
      reader.conflicts.append(.unusedPreTokenizer(name: preTokenizer))
    }
    reader.vocabulary.specialTokenTemplate = reader.template()
    reader.applyModelRules()
    reader.restateFrame()
    reader.findSpecialTokenConflicts()
    let isNamed = try reader.namePreTokenizer(naming)
    return VocabularyImport(
      vocabulary: reader.vocabulary,
      conflicts: files.remarks.map(VocabularyConflict.readAsPython) + VocabularyConflict.summarized(reader.conflicts),
      departures: reader.departures, isNamedByCheckText: isNamed)
  }

  /// Reads the vocabulary from the metadata of a GGUF, and says what the metadata leaves open.
  ///
  /// - Parameter preTokenizer: the name of the splitting rules of a byte-level vocabulary, instead of the stated one.
  public static func read(
    _ metadata: Metadata, preTokenizer: String? = nil
  ) throws(VocabularyError) -> VocabularyImport {
    if let preTokenizer, !preTokenizerNames.contains(preTokenizer) {
      throw .unknownPreTokenizerName(preTokenizer)
    }
    var metadata = metadata
    if let preTokenizer, metadata[Keys.model]?.text == Kind.byteLevel.rawValue {
      metadata[Keys.pre] = .string(ByteString(preTokenizer))
    }
    return VocabularyImport(
      vocabulary: try Vocabulary(metadata),
      conflicts: conflicts(in: metadata) + [VocabularyConflict.assumedPreTokenizer(in: metadata)].compactMap(\.self))
  }
}

/// The work of making a vocabulary from the files of a folder.
struct HuggingFaceVocabularyReader {
  let files: TokenizerFiles
  let rules: VocabularyRules
  /// The rows of the embedding; nil if no file states them.
  let statedSize: Int?
  let preTokenizer: String?
  /// Whether a vocabulary that the reference converter would make wrong is made right.
  let departsFromReference: Bool
  /// The class of transformers that builds the tokenizer by rules of its own; nil if it takes the files as they are.
  let tokenizerClass: TokenizerClass?
  var vocabulary: Vocabulary
  var conflicts: [VocabularyConflict] = []
  /// The points where the vocabulary departs from the reference converter's.
  var departures: [VocabularyDeparture] = []
  /// Whether a GGUF states what `tokenizer.json` adds to a text, also where `tokenizer_config.json` states something else.
  var restatesFrame = false
  /// The file that decided each role, for conflicts.
  var deciders: [SpecialToken: String] = [:]
  /// The steps of the pre-tokenizer in words, if they are unknown.
  var unknownSteps: String?
  /// Whether no file states the steps of the pre-tokenizer.
  var isPreTokenizerAssumed = false

  init(
    files: TokenizerFiles, rules: VocabularyRules, statedSize: Int?, preTokenizer: String?, departsFromReference: Bool
  ) {
    self.files = files
    self.rules = rules
    self.statedSize = statedSize
    self.preTokenizer = preTokenizer
    self.departsFromReference = departsFromReference
    tokenizerClass = rules.tokenizerClasses.class(for: files)
    vocabulary = Vocabulary(kind: .sentencePiece)
  }

  /// The rows of the embedding, or a default if no file states them.
  var vocabularySize: Int { statedSize ?? Vocabulary.defaultVocabularySize }

  /// The special-token template of transformers: that of the tokenizer class, or else of `tokenizer.json`.
  func template() -> SpecialTokenTemplate {
    if let template = tokenizerClass?.template ?? (isWordPieceList ? .wordPiece : nil) {
      return SpecialTokenTemplate(
        prefix: template.prefix.flatMap(namedIDs), suffix: template.suffix.flatMap(namedIDs))
    }
    if let tokenizer = files.tokenizer {
      return SpecialTokenTemplate(postProcessor: tokenizer["post_processor"]) { vocabulary.id(ofText: $0) }
    }
    func ids(_ role: SpecialToken) -> [Int] {
      guard files.configuration?["add_\(role.rawValue)_token"]?.bool == true else { return [] }
      return namedIDs(role)
    }
    return SpecialTokenTemplate(prefix: ids(.bos), suffix: ids(.eos))
  }

  /// Whether the vocabulary is BERT's `vocab.txt`, without a post-processor.
  private var isWordPieceList: Bool { vocabulary.kind == .wordPiece && files.tokenizer == nil }

  /// The id of the special token that the files or the class name; none if the vocabulary lacks it.
  private func namedIDs(_ role: SpecialToken) -> [Int] {
    [namedText(of: role).flatMap { vocabulary.id(ofText: $0) }].compactMap { $0 }
  }

  /// The text of the special token that the files or the class name.
  func namedText(of role: SpecialToken) -> String? {
    let named = namedTokens.first { $0.name == "\(role.rawValue)_token" }?.value
    return named?.string ?? named?["content"]?.string
  }

  /// Applies the rules of the architecture, and those for certain vocabulary sizes.
  ///
  /// The reference converter reads Tekken by rules of its own alone.
  mutating func applyModelRules() {
    guard files.rankedFamily != .tekken else { return }
    let isInfill = rules.appliesSizeRules && vocabularySize == Vocabulary.infillTokenCount
    let endOfTurn = isInfill ? [SpecialTokenID(.eot, Vocabulary.infillEndOfTurn)] : []
    for entry in rules.specialTokens + endOfTurn where vocabulary.id(of: entry.role) == nil {
      let id = files.model?[entry.role.configurationKey]?.integer ?? entry.id
      vocabulary.lateSpecialTokens.append(SpecialTokenID(entry.role, id))
    }
    let stated = rules.statedTokens.compactMap { token in
      token.id(in: files).flatMap { UInt32(exactly: $0) }.map { SpecialTokenID(token.role, Int($0)) }
    }
    for entry in rules.fixedTokens + stated {
      if let place = vocabulary.specialTokens.firstIndex(where: { $0.role == entry.role }) {
        vocabulary.specialTokens[place] = entry
      } else {
        vocabulary.lateSpecialTokens.append(entry)
      }
    }
    if rules.appliesSizeRules, vocabularySize == Vocabulary.noStartTokenCount { vocabulary.addsBOSOverride = false }
    vocabulary.firstAdditions = rules.firstAdditions
    if rules.statesTokenTypeCount { vocabulary.tokenTypeCount = files.model?["type_vocab_size"]?.integer ?? 1 }
    switch rules.spacePrefix {
    case .unset: break
    case .configuration, .configurationLast:
      guard let space = files.configuration?["add_prefix_space"], !space.isNull else { break }
      vocabulary.addsSpacePrefix = space.isTruthy
      vocabulary.spacePrefixPlace = rules.spacePrefix == .configuration ? .first : .last
    case .never:
      vocabulary.addsSpacePrefix = false
      vocabulary.spacePrefixPlace = .last
      vocabulary.spacePrefix = .never
    case .model: vocabulary.spacePrefixPlace = .behindTypes
    }
  }
}

extension JSON {
  /// Python's notion of truth: everything but null, false, zero and what is empty.
  var isTruthy: Bool {
    switch self {
    case .null: false
    case .bool(let value): value
    case .number(let value): value.real != 0
    case .string(let value): !value.isEmpty
    case .array(let values): !values.isEmpty
    case .object(let members): !members.isEmpty
    }
  }
}

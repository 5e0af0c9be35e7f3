import Bytes
import Tensors

/// A vocabulary and the contradictions of its files.
public struct VocabularyImport: Sendable {
  /// The vocabulary, following the precedence of the reference converter.
  public let vocabulary: Vocabulary
  /// The conflicts between the files.
  public let conflicts: [VocabularyConflict]
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
  public static func read(
    _ files: TokenizerFiles, rules: VocabularyRules = VocabularyRules(), vocabularySize: Int? = nil,
    preTokenizer: String? = nil
  ) throws(VocabularyError) -> VocabularyImport {
    let size = vocabularySize ?? files.model?["vocab_size"]?.integer ?? defaultVocabularySize
    if let preTokenizer, !preTokenizerNames.contains(preTokenizer) {
      throw .unknownPreTokenizerName(preTokenizer)
    }
    var reader = HuggingFaceVocabularyReader(
      files: files, rules: rules, vocabularySize: size, preTokenizer: preTokenizer)
    if files.hasTekken, files.tokenizer == nil {
      throw .unsupported(
        file: "tekken.json",
        reason: "Mistral's own format is not supported (add the model's tokenizer.json to the folder)")
    }
    try reader.readFirstSource()
    reader.vocabulary.specialTokenTemplate = reader.template()
    reader.applyModelRules()
    reader.findSpecialTokenConflicts()
    return VocabularyImport(
      vocabulary: reader.vocabulary,
      conflicts: files.remarks.map(VocabularyConflict.readAsPython) + VocabularyConflict.summarized(reader.conflicts))
  }
}

/// The work of making a vocabulary from the files of a folder.
struct HuggingFaceVocabularyReader {
  let files: TokenizerFiles
  let rules: VocabularyRules
  let vocabularySize: Int
  let preTokenizer: String?
  /// The class of transformers that builds the tokenizer by rules of its own; nil if it takes the files as they are.
  let tokenizerClass: TokenizerClass?
  var vocabulary: Vocabulary
  var conflicts: [VocabularyConflict] = []
  /// The file that decided each role, for conflicts.
  var deciders: [SpecialToken: String] = [:]

  init(files: TokenizerFiles, rules: VocabularyRules, vocabularySize: Int, preTokenizer: String?) {
    self.files = files
    self.rules = rules
    self.vocabularySize = vocabularySize
    self.preTokenizer = preTokenizer
    tokenizerClass = rules.tokenizerClasses.class(for: files)
    vocabulary = Vocabulary(kind: .sentencePiece)
  }

  /// Reads by the first source whose files are there.
  ///
  /// A `tokenizer.json` of a kind that no source takes is an error that names the kind.
  mutating func readFirstSource() throws(VocabularyError) {
    for source in rules.sources where try read(source) { return }
    guard let tokenizer = files.tokenizer else {
      throw .noTokenizer(expected: rules.sources.map(\.expectation))
    }
    let kind = tokenizer["model"]?["type"]?.string ?? "none"
    throw .unsupported(
      file: "tokenizer.json",
      reason: "has a model of type \(kind.quoted), which this architecture does not use, expected "
        + rules.sources.map(\.rawValue).joined(separator: " or "))
  }

  /// Reads by `source`; false if its files are not there.
  private mutating func read(_ source: VocabularyRules.Source) throws(VocabularyError) -> Bool {
    switch source {
    case .sentencePiece:
      guard let bytes = files.sentencePiece else { return false }
      try readSentencePiece(try SentencePieceModel(bytes))
    case .sentencePieceJSON:
      guard let tokenizer = files.tokenizer, Self.isSentencePieceLike(tokenizer) else { return false }
      try readSentencePieceLike(tokenizer)
    case .byteLevel:
      if let tokenizer = files.tokenizer {
        guard tokenizer["model"]?["type"]?.string == "BPE" else { return false }
        try readByteLevel(tokenizer)
      } else if let vocabulary = files.vocabulary, let merges = files.merges {
        try readByteLevel(vocabulary: vocabulary, merges: merges)
      } else {
        return false
      }
    case .wordPiece: return try readWordPiece()
    case .unigram: return try readUnigram()
    }
    return true
  }

  /// Whether `tokenizer.json` has SentencePiece's pieces: BPE with byte fallback and a sequence of decoders.
  static func isSentencePieceLike(_ tokenizer: JSON) -> Bool {
    tokenizer["model"]?["type"]?.string == "BPE" && tokenizer["model"]?["byte_fallback"]?.bool == true
      && tokenizer["decoder"]?["type"]?.string == "Sequence"
  }

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
    let named = namedTokens.first { $0.name == "\(role.rawValue)_token" }?.value
    let text = named?.string ?? named?["content"]?.string
    return [text.flatMap { vocabulary.id(ofText: $0) }].compactMap { $0 }
  }

  /// Applies the rules of the architecture, and those for certain vocabulary sizes.
  mutating func applyModelRules() {
    let isInfill = rules.appliesSizeRules && vocabularySize == Vocabulary.infillTokenCount
    let endOfTurn = isInfill ? [SpecialTokenID(.eot, Vocabulary.infillEndOfTurn)] : []
    for entry in rules.specialTokens + endOfTurn where vocabulary.id(of: entry.role) == nil {
      let id = files.model?["\(entry.role.rawValue)_token_id"]?.integer ?? entry.id
      vocabulary.lateSpecialTokens.append(SpecialTokenID(entry.role, id))
    }
    for entry in rules.fixedTokens {
      if let place = vocabulary.specialTokens.firstIndex(where: { $0.role == entry.role }) {
        vocabulary.specialTokens[place] = entry
      } else {
        vocabulary.lateSpecialTokens.append(entry)
      }
    }
    if rules.appliesSizeRules, vocabularySize == Vocabulary.noStartTokenCount { vocabulary.addsBOSOverride = false }
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

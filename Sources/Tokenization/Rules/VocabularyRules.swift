import Bytes

/// How the vocabulary of one architecture is read from a model's folder: facts of an architecture's definition.
///
/// The rules repeat what llama.cpp's converter does for the architecture, so that the metadata of a GGUF is the same.
public struct VocabularyRules: Sendable, Hashable {
  /// A kind of vocabulary together with the files it is made from.
  public enum Source: String, Sendable, Hashable, CaseIterable {
    /// SentencePiece pieces of `tokenizer.model`.
    case sentencePiece = "sentencepiece"
    /// SentencePiece pieces of a `tokenizer.json`: BPE with byte fallback and a sequence of decoders, without scores.
    case sentencePieceJSON = "sentencepiece_json"
    /// Byte-level BPE of `tokenizer.json`, or of `vocab.json` with `merges.txt`.
    case byteLevel = "byte_level_bpe"
    /// Word pieces of `tokenizer.json`, or of `vocab.txt`.
    case wordPiece = "wordpiece"
    /// A unigram model of `spiece.model` or `tokenizer.model`, or of `tokenizer.json`.
    case unigram = "unigram"

    /// The files that an error asks for.
    var expectation: String {
      switch self {
      case .sentencePiece: "tokenizer.model"
      case .sentencePieceJSON, .byteLevel: "tokenizer.json"
      case .wordPiece: "tokenizer.json or vocab.txt"
      case .unigram: "spiece.model or tokenizer.json"
      }
    }
  }

  /// Which added tokens are put over the pieces of a SentencePiece model.
  public enum AddedTokens: String, Sendable, Hashable, CaseIterable {
    /// `added_tokens.json`, then `added_tokens_decoder` of `tokenizer_config.json`; what looks special is control.
    case configuration
    /// As `configuration`, then `tokenizer.json`; control if the file says special, and texts as they stand.
    case everyFile = "every_file"
    /// `added_tokens.json` alone.
    case file
  }

  /// What the key `add_space_prefix` of a GGUF repeats.
  public enum SpacePrefixSource: String, Sendable, Hashable, CaseIterable {
    /// The key is left out.
    case unsaid
    /// `add_prefix_space` of `tokenizer_config.json`, if it is there.
    case configuration
    /// The same, behind everything else that a GGUF says of the vocabulary.
    case configurationLast = "configuration_last"
    /// `add_dummy_prefix` of the SentencePiece model.
    case model
    /// No space is ever put.
    case never
  }

  /// What is tried in order; the first whose files are there counts.
  public var sources: [Source] = [.sentencePiece, .sentencePieceJSON, .byteLevel]
  /// The added tokens that count.
  public var addedTokens = AddedTokens.configuration
  /// What `add_space_prefix` repeats.
  public var spacePrefix = SpacePrefixSource.configuration
  /// Ids that every vocabulary of the architecture has, whatever its files say; config.json's `ROLE_token_id` wins.
  public var specialTokens: [SpecialTokenID] = []
  /// Ids that every vocabulary of the architecture has, in place of what its files say.
  public var fixedTokens: [SpecialTokenID] = []
  /// Added tokens that take roles which no file gives to any token, in this order.
  public var namedTokens: [NamedToken] = []
  /// An added token that takes the role of the end of the text where it exists: the end of a turn of chat models.
  public var chatEnd: String?
  /// Pieces that are written as another text.
  public var substitutes: [Substitute] = []
  /// Pieces that begin so count as rows without a token.
  public var unusedPrefix: String?
  /// Names of splitting rules that win among names of equal rules.
  public var preTokenizers: [String] = []
  /// Whether a vocabulary of 32,016 rows is CodeLlama's with infilling, and one of 49,152 rows adds no start token.
  public var appliesSizeRules = true
  /// Whether the number of token types is stated beside the vocabulary (`type_vocab_size` of config.json).
  public var statesTokenTypeCount = false

  /// A role and the text of the added token that takes it.
  public struct NamedToken: Sendable, Hashable {
    public let role: SpecialToken
    public let text: String
  }

  /// A piece and the text that stands for it.
  public struct Substitute: Sendable, Hashable {
    public let piece: String
    public let text: String
  }

  /// The rules of LLaMA's relatives.
  public init() {}
}

extension VocabularyRules {
  /// Reads the member `vocabulary` of an architecture's definition; a string names the only source.
  ///
  /// Without the member the rules are LLaMA's. With it, what it does not say is left undone: no space prefix is stated,
  /// and no rule follows from the size.
  ///
  /// - Throws: `.invalidMember` for an unknown member or value.
  public init(_ json: JSON?) throws(VocabularyError) {
    self.init()
    guard let json else { return }
    spacePrefix = .unsaid
    appliesSizeRules = false
    if json.string != nil {
      sources = [try Self.choice(json, "sources")]
      return
    }
    guard let members = json.object else { throw Self.failure("", "a source or an object of rules") }
    for (key, value) in members {
      switch key.text {
      case "sources":
        let named = value.array ?? []
        guard !named.isEmpty else { throw Self.failure("sources", "an array of sources") }
        sources = []
        for source in named { sources.append(try Self.choice(source, "sources")) }
      case "added_tokens": addedTokens = try Self.choice(value, "added_tokens")
      case "space_prefix": spacePrefix = try Self.choice(value, "space_prefix")
      case "special_tokens": specialTokens = try Self.ids(value, "special_tokens")
      case "fixed_tokens": fixedTokens = try Self.ids(value, "fixed_tokens")
      case "named_tokens":
        for (role, text) in value.object ?? [:] {
          guard let role = SpecialToken(rawValue: role.text), let text = text.string else {
            throw Self.failure("named_tokens", "roles with the texts of their tokens")
          }
          namedTokens.append(NamedToken(role: role, text: text))
        }
      case "chat_end": chatEnd = try Self.text(value, "chat_end")
      case "unused_prefix": unusedPrefix = try Self.text(value, "unused_prefix")
      case "substitutes":
        for (piece, text) in value.object ?? [:] {
          substitutes.append(Substitute(piece: piece.text, text: try Self.text(text, "substitutes")))
        }
      case "pre_tokenizers":
        for name in value.array ?? [] {
          let text = try Self.text(name, "pre_tokenizers")
          guard PreTokenizer.isKnown(text) else { throw .unknownPreTokenizerName(text) }
          preTokenizers.append(text)
        }
      case "size_rules": appliesSizeRules = try Self.answer(value, "size_rules")
      case "token_type_count": statesTokenTypeCount = try Self.answer(value, "token_type_count")
      default: throw Self.failure(key.text, "no such member")
      }
    }
  }

  private static func choice<Choice: RawRepresentable & CaseIterable>(
    _ value: JSON, _ member: String
  ) throws(VocabularyError) -> Choice where Choice.RawValue == String {
    guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
      throw failure(member, "one of " + Choice.allCases.map(\.rawValue.quoted).joined(separator: ", "))
    }
    return choice
  }

  private static func ids(_ value: JSON, _ member: String) throws(VocabularyError) -> [SpecialTokenID] {
    var entries: [SpecialTokenID] = []
    for (role, id) in value.object ?? [:] {
      guard let role = SpecialToken(rawValue: role.text), let id = id.integer, id >= 0 else {
        throw failure(member, "roles with their ids")
      }
      entries.append(SpecialTokenID(role, id))
    }
    return entries
  }

  private static func text(_ value: JSON, _ member: String) throws(VocabularyError) -> String {
    guard let text = value.string else { throw failure(member, "a string") }
    return text
  }

  private static func answer(_ value: JSON, _ member: String) throws(VocabularyError) -> Bool {
    guard let answer = value.bool else { throw failure(member, "a boolean") }
    return answer
  }

  private static func failure(_ member: String, _ expected: String) -> VocabularyError {
    .invalidMember(
      file: "definition", member: member.isEmpty ? "vocabulary" : "vocabulary." + member, expected: expected)
  }
}

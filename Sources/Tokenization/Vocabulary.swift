import Bytes
import Tensors

/// The tokens of a model and the rules of its tokenizer, independent of their files.
///
/// Token texts are bytes in the convention of the kind: SentencePiece pieces write a space as `▁` (U+2581) and a
/// lone byte as `<0x0A>`, as do unigram pieces; byte-level pieces write each byte as one printable character (`Ġ` is a
/// space); word pieces that begin a word have a `▁` before them, those that continue one do not.
public struct Vocabulary: Sendable, Hashable {
  /// The tokenization algorithm.
  public enum Kind: String, Sendable, Hashable {
    /// SentencePiece pieces with scores, merged in the order of their scores; `llama` in a GGUF.
    case sentencePiece = "llama"
    /// SentencePiece pieces merged by a ranked list, within runs of new lines and of other text; `gemma4` in a GGUF.
    case mergedPieces = "gemma4"
    /// Byte-level pieces merged by a ranked list; `gpt2` in a GGUF.
    case byteLevel = "gpt2"
    /// Word pieces, the longest first; `bert` in a GGUF.
    case wordPiece = "bert"
    /// Pieces with scores; the most probable sequence wins; `t5` in a GGUF.
    case unigram = "t5"
  }

  /// The position of the space prefix key in metadata.
  public enum SpacePrefixKeyOrder: Sendable, Hashable {
    case first, behindTypes, last
  }

  /// The order of a vocabulary's keys in metadata.
  public enum KeyOrder: Sendable, Hashable {
    /// That of the converter for most models.
    case usual
    /// That of the converter for `tekken.json`: merges and roles before the tokens, which have scores.
    case mistral
  }

  /// The rule for the space before the first word of SentencePiece text.
  public enum SpacePrefix: Sendable, Hashable {
    /// No space is added.
    case never
    /// One at the start of the text, unless it begins with a space or a special token.
    case first
    /// One at the start of the text, even if it begins with a space.
    case firstAlways
    /// One before all text between special tokens, unless it begins with a space.
    case everySegment
    /// One before all text between special tokens, even if it begins with a space.
    case everySegmentAlways
  }

  /// The program that reads a container, whose ids encoding gives.
  public enum Reader: String, Sendable, Hashable {
    /// transformers' `AutoTokenizer`, for a folder.
    case transformers
    /// SentencePiece, for a `tokenizer.model` alone.
    case sentencePiece = "sentencepiece"
    /// llama.cpp, for a GGUF.
    case llamaCpp = "llama.cpp"
  }

  public var kind: Kind
  /// The program whose ids encoding gives.
  public var reader = Reader.transformers
  /// The name of the pre-tokenizer (`tokenizer.ggml.pre`); `default` for SentencePiece.
  public var preTokenizer: String
  /// The text of each token; the index is the id.
  public var tokens: PackedStrings
  /// The score of each token, higher merges first; empty for byte-level vocabularies.
  public var scores: [Float]
  /// The type of each token.
  public var types: [TokenType]
  /// Merges as `left right`, in order of rank. A byte-level space is never a plain space here.
  public var merges: PackedStrings
  /// The ids of tokens with a role, in the order in which metadata lists them.
  public var specialTokens: [SpecialTokenID]
  /// Whether `encode` adds the token of each role, in the order in which metadata lists them.
  public var additions: [SpecialTokenAddition]
  /// The additions that metadata states before all else of the vocabulary, unless `additions` has another answer.
  public var firstAdditions: [SpecialTokenAddition] = []
  /// Whether a space is added before the text; nil if no file states it.
  public var addsSpacePrefix: Bool?
  /// The position of `addsSpacePrefix` in metadata.
  public var spacePrefixPlace = SpacePrefixKeyOrder.first
  /// Whether runs of spaces are collapsed; nil if no file states it.
  public var removesExtraSpaces: Bool?
  /// Whether text is lowercased; nil if no file states it.
  public var lowercases: Bool?
  /// Whether accents are stripped; nil if no file states it.
  public var stripsAccents: Bool?
  /// SentencePiece's compiled table of text replacements; empty if text is not replaced.
  public var normalizationTable: [UInt8] = []
  /// Whether text is brought to Unicode's composed form (NFC) before it is split.
  public var composes = false
  /// The normalization of text for word pieces.
  public var wordRules = WordRules()
  /// Whether unigram text is split at white space, so that runs of spaces are lost.
  public var cutsAtSpaces = true
  /// The number of token types, if metadata states it.
  public var tokenTypeCount: Int?
  /// Ids of roles that metadata lists last: they follow from the model, not from its files.
  public var lateSpecialTokens: [SpecialTokenID] = []
  /// The chat templates, copied byte for byte and never run.
  public var chatTemplates: [ChatTemplate]
  /// The added tokens, in the order of their ids.
  public var addedTokens: [AddedToken]
  /// The special tokens around a prompt, if the files of a folder state them; nil follows `additions`.
  public var specialTokenTemplate: SpecialTokenTemplate?
  /// The rule for the space prefix if `addsSpacePrefix` is not false.
  public var spacePrefix: SpacePrefix
  /// A setting of adding BOS that follows from the model instead of its tokenizer's files.
  ///
  /// It overrides `additions`, and metadata lists it last if they do not include BOS.
  public var addsBOSOverride: Bool?
  /// Whether a word that is a token is encoded as that token, before any merging.
  public var ignoresMerges: Bool
  /// Whether any two tokens join whose bytes together are a token, the one of the lowest id first, as in tiktoken.
  ///
  /// `merges` are then those that a GGUF states.
  var joinsByID = false
  /// The order of its keys in metadata.
  public var keyOrder = KeyOrder.usual
  /// The sides on which llama.cpp drops white space next to a token: a fact of some models that no key of a GGUF states.
  var strippedSides: [Int: AddedToken.Options] = [:]

  /// Creates an empty vocabulary.
  public init(kind: Kind, preTokenizer: String = "default") {
    self.kind = kind
    self.preTokenizer = preTokenizer
    tokens = []
    scores = []
    types = []
    merges = []
    specialTokens = []
    additions = []
    chatTemplates = []
    addedTokens = []
    spacePrefix = kind == .sentencePiece || kind == .unigram ? .first : .never
    ignoresMerges = false
  }
}

/// BERT's normalizer: the preparation of text for word pieces.
public struct WordRules: Sendable, Hashable {
  /// Whether control characters are dropped and every white space becomes a space.
  public var cleansText = true
  /// Whether every Han character is a word.
  public var separatesHan = true
  /// Whether accents are stripped.
  public var stripsAccents = true
  /// Whether text is lowercased.
  public var lowercases = true

  /// The normalizer of uncased BERT.
  public init() {}
}

/// The type of a token; the raw values are those of GGUF (`tokenizer.ggml.token_type`).
public enum TokenType: Int32, Sendable, Hashable, CaseIterable {
  case undefined = 0
  /// A piece of text.
  case normal = 1
  /// Replaces text that has no piece.
  case unknown = 2
  /// A special token; never matched in text.
  case control = 3
  /// A piece of text that is matched before all others.
  case userDefined = 4
  /// A padding token.
  case unused = 5
  /// One byte, for text without a piece.
  case byte = 6
}

/// The role of a special token.
public enum SpecialToken: String, Sendable, Hashable, CaseIterable {
  case bos, eos, unk, sep, pad, cls, mask, eot, eom
  case fillInPrefix = "fim_pre"
  case fillInSuffix = "fim_suf"
  case fillInMiddle = "fim_mid"
  case fillInPad = "fim_pad"
  case fillInRepository = "fim_rep"
  case fillInSeparator = "fim_sep"
}

extension SpecialToken {
  /// The member of config.json that states its ids: `eos_token_id`.
  public var configurationKey: String { "\(rawValue)_token_id" }
}

/// The token of a role.
public struct SpecialTokenID: Sendable, Hashable {
  public var role: SpecialToken
  public var id: Int

  /// Sets the token of `role` to `id`.
  public init(_ role: SpecialToken, _ id: Int) {
    self.role = role
    self.id = id
  }
}

/// Whether encoding adds the token of a role.
public struct SpecialTokenAddition: Sendable, Hashable {
  public var role: SpecialToken
  public var isAdded: Bool

  /// Creates an answer for `role`.
  public init(_ role: SpecialToken, _ isAdded: Bool) {
    self.role = role
    self.isAdded = isAdded
  }
}

/// A chat template.
public struct ChatTemplate: Sendable, Hashable {
  /// The name; `default` for the template that is used by default.
  public var name: String
  /// The template text.
  public var text: String

  public init(name: String = "default", text: String) {
    self.name = name
    self.text = text
  }
}

extension Vocabulary.Kind {
  /// Whether tokens have scores.
  public var hasScores: Bool { self == .sentencePiece || self == .mergedPieces || self == .unigram }
  /// Whether tokens are pieces of text with `▁` for a space, joined by merges, and bytes in their place.
  var joinsPieces: Bool { self == .sentencePiece || self == .mergedPieces }
}

extension Vocabulary {
  /// The number of tokens.
  public var count: Int { tokens.count }

  /// The id of the token that has `role`.
  public func id(of role: SpecialToken) -> Int? {
    specialTokens.first { $0.role == role }?.id ?? lateSpecialTokens.first { $0.role == role }?.id
  }

  /// Whether encoding adds the token of `role`; nil if no file states it.
  public func adds(_ role: SpecialToken) -> Bool? {
    if role == .bos, let addsBOSOverride { return addsBOSOverride }
    return additions.first { $0.role == role }?.isAdded
  }

  /// The text of token `id`, with invalid bytes replaced; nil outside the vocabulary.
  public func text(of id: Int) -> String? { tokens.indices.contains(id) ? tokens.text(id) : nil }

  /// The id of the token whose bytes are `text`; a linear search.
  public func id(ofText text: String) -> Int? { tokens.firstIndex { $0.elementsEqual(text.utf8) } }

  /// The token for words without pieces if no file names one: BERT's `[UNK]`.
  var unknownWordID: Int? { kind == .wordPiece ? id(ofText: "[UNK]") : nil }

  /// The default chat template.
  public var chatTemplate: String? { chatTemplates.first { $0.name == "default" }?.text }

  mutating func set(_ role: SpecialToken, to id: Int) {
    guard self.id(of: role) == nil else { return }
    specialTokens.append(SpecialTokenID(role, id))
  }

  mutating func append(_ text: some Sequence<UInt8>, score: Float? = nil, type: TokenType) {
    tokens.append(text)
    types.append(type)
    if let score { scores.append(score) }
  }
}

extension Vocabulary {
  /// Tokens and special ids that are beyond an embedding of `rowCount` rows.
  public func problems(embeddingRowCount rowCount: Int) -> [VocabularyError] {
    var problems: [VocabularyError] = []
    let beyond = tokens.indices.dropFirst(max(0, rowCount)).first { types[$0] != .unused }
    if let id = beyond {
      problems.append(.idBeyondVocabulary(token: tokens.text(id), id: id, vocabularySize: rowCount))
    }
    for entry in specialTokens where entry.id >= rowCount {
      problems.append(
        .idBeyondVocabulary(token: "\(entry.role.rawValue)_token", id: entry.id, vocabularySize: rowCount))
    }
    return problems
  }
}

import Bytes

/// The rules of a definition for reading the vocabulary from a model folder.
///
/// The rules are those of llama.cpp's converter, so that the metadata of a GGUF is the same.
public struct VocabularyRules: Sendable, Hashable {
  /// A kind of vocabulary together with the files it is made from.
  public enum Source: String, Sendable, Hashable, CaseIterable {
    /// SentencePiece pieces of `tokenizer.model`, or of a `tokenizer.json` with byte fallback.
    case sentencePiece = "sentencepiece"
    /// SentencePiece pieces of a `tokenizer.json` with byte fallback, which keep their merges in a GGUF.
    case mergedPieces = "merged_pieces"
    /// Byte-level BPE of `tokenizer.json`, or of `vocab.json` with `merges.txt`.
    case byteLevel = "byte_level_bpe"
    /// Word pieces of `tokenizer.json`, or of `vocab.txt`.
    case wordPiece = "wordpiece"
    /// A unigram model of `spiece.model`, `tokenizer.model` or, with leading pieces, `sentencepiece.bpe.model`; or of
    /// `tokenizer.json`.
    case unigram = "unigram"

    /// The contents that an error asks for.
    var contents: String {
      switch self {
      case .sentencePiece: "SentencePiece pieces"
      case .mergedPieces: "SentencePiece pieces with merges"
      case .byteLevel: "byte-level pieces"
      case .wordPiece: "word pieces"
      case .unigram: "a unigram model"
      }
    }

    /// The files that an error asks for.
    var files: [String] {
      switch self {
      case .sentencePiece: ["tokenizer.model", "tokenizer.json"]
      case .byteLevel, .mergedPieces: ["tokenizer.json"]
      case .wordPiece: ["tokenizer.json", "vocab.txt"]
      case .unigram: ["spiece.model", "tokenizer.json"]
      }
    }
  }

  /// The files whose added tokens override pieces of a SentencePiece model.
  public enum AddedTokens: String, Sendable, Hashable, CaseIterable {
    /// `added_tokens.json`, then `added_tokens_decoder` of `tokenizer_config.json`; tokens that look special are control tokens.
    case configuration
    /// As `configuration`, then `tokenizer.json`; control tokens if the file says special, with unchanged texts.
    case everyFile = "every_file"
    /// `added_tokens.json` alone.
    case file
  }

  /// The source of the key `add_space_prefix` of a GGUF.
  public enum SpacePrefixSource: String, Sendable, Hashable, CaseIterable {
    /// The key is left out.
    case unset
    /// `add_prefix_space` of `tokenizer_config.json`, if it is there.
    case configuration
    /// The same, as the last key of the vocabulary.
    case configurationLast = "configuration_last"
    /// `add_dummy_prefix` of the SentencePiece model.
    case model
    /// No space is ever put.
    case never
  }

  /// The sources in order; the first one whose files exist is used.
  public var sources: [Source] = [.sentencePiece, .byteLevel]
  /// The added tokens that count.
  public var addedTokens = AddedTokens.configuration
  /// The source of `add_space_prefix`.
  public var spacePrefix = SpacePrefixSource.configuration
  /// Ids that every vocabulary of the architecture has; `ROLE_token_id` of config.json overrides them.
  public var specialTokens: [SpecialTokenID] = []
  /// Ids that every vocabulary of the architecture has, overriding its files.
  public var fixedTokens: [SpecialTokenID] = []
  /// Roles whose tokens a file states in its own way, overriding the others.
  public var statedTokens: [StatedToken] = []
  /// Added tokens that take roles which no file gives to any token, in this order.
  public var namedTokens: [NamedToken] = []
  /// An added token that becomes EOS if it exists: the end of a turn of chat models.
  public var chatEnd: String?
  /// Pieces that are written as another text.
  public var substitutes: [Substitute] = []
  /// The chat template that replaces the folder's.
  public var chatTemplate: String?
  /// Control tokens that a GGUF has as user-defined, so that programs show them.
  public var shownTokens: [String] = []
  /// Pieces that begin so count as rows without a token.
  public var unusedPrefix: String?
  /// Names of splitting rules that win among names of equal rules.
  public var preTokenizers: [String] = []
  /// Whether a vocabulary of 32,016 rows is CodeLlama's with infilling, and one of 49,152 rows adds no start token.
  public var appliesSizeRules = true
  /// Whether metadata states the number of token types (`type_vocab_size` of config.json).
  public var statesTokenTypeCount = false
  /// The pieces that a fairseq vocabulary has in place of the first ones of its SentencePiece model; nil for the others.
  public var leadingPieces: LeadingPieces?
  /// What metadata states of adding tokens, before all else of the vocabulary, if no file states it.
  public var firstAdditions: [SpecialTokenAddition] = []
  /// The tokenizer classes of transformers, for the folders whose files or model type name one.
  public var tokenizerClasses = TokenizerClasses()

  /// A role and the text of the added token that takes it.
  public struct NamedToken: Sendable, Hashable {
    public let role: SpecialToken
    public let text: String

    /// Gives `role` to the added token `text`.
    public init(role: SpecialToken, text: String) {
      self.role = role
      self.text = text
    }
  }

  /// The first pieces of a fairseq vocabulary, whose model is `sentencepiece.bpe.model`.
  ///
  ///     XLM-RoBERTa   <s> <pad> </s> <unk>                                 then the model's pieces from the fourth on
  ///     CamemBERT     <s>NOTUSED <pad> </s>NOTUSED <unk> <unk>NOTUSED      then the model's pieces from the second on
  public struct LeadingPieces: Sendable, Hashable {
    /// A piece and its score; those without a score are control tokens, but the unknown one.
    public struct Piece: Sendable, Hashable {
      public let text: String
      public let score: Float?

      public init(text: String, score: Float? = nil) {
        self.text = text
        self.score = score
      }
    }

    /// The number of the model's own pieces that are left out.
    public let replacedCount: Int
    /// The pieces in their place.
    public let pieces: [Piece]
    /// A control token after all pieces; without one, the rows after the pieces have no token.
    public let last: String?

    public init(replacedCount: Int, pieces: [Piece], last: String? = nil) {
      self.replacedCount = replacedCount
      self.pieces = pieces
      self.last = last
    }
  }

  /// A piece and the text that is written instead.
  public struct Substitute: Sendable, Hashable {
    public let piece: String
    public let text: String

    /// Writes `piece` as `text`.
    public init(piece: String, text: String) {
      self.piece = piece
      self.text = text
    }
  }

  /// The rules of LLaMA's relatives.
  public init() {}

  /// Whether the reference converter reads SentencePiece pieces of a `tokenizer.json` for this architecture.
  ///
  /// Its class for LLaMA's relatives does, which is the one with the rules for vocabulary sizes.
  var referenceReadsPieceJSON: Bool { appliesSizeRules }
}

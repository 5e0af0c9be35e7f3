/// A tokenizer class of transformers that has rules of its own: the member `tokenizer_classes` of a definition.
///
/// From `tokenizer.json` such a class takes the vocabulary, the merges and the post-processor; normalizer,
/// pre-tokenizer and decoder are its own. Every other class takes `tokenizer.json` as it is.
public struct TokenizerClass: Sendable, Hashable {
  /// The rule for the space before the first word.
  public enum SpacePrefix: String, Sendable, Hashable, CaseIterable {
    /// By the normalizer and the pre-tokenizer of `tokenizer.json`.
    case tokenizer
    /// By `add_prefix_space` and `legacy` of `tokenizer_config.json`.
    case configuration
    /// There is none.
    case never
  }

  /// The source of the options of text normalization.
  public enum Normalizer: String, Sendable, Hashable, CaseIterable {
    /// `tokenizer.json`.
    case tokenizer
    /// `do_lower_case`, `strip_accents` and `tokenize_chinese_chars` of `tokenizer_config.json`.
    case configuration
  }

  /// The special tokens around a prompt.
  public struct Template: Sendable, Hashable {
    /// The roles of the tokens before and after the prompt.
    public var prefix: [SpecialToken], suffix: [SpecialToken]

    /// Creates a template of these roles.
    public init(prefix: [SpecialToken], suffix: [SpecialToken]) {
      self.prefix = prefix
      self.suffix = suffix
    }
  }

  /// The texts of special tokens that no file names.
  public var defaultTokens: [SpecialToken: String] = [:]
  /// Its own pre-tokenizer, for folders without `tokenizer.json`; nil for none.
  public var preTokenizer: String?
  /// Whether text is brought to NFC; nil if `tokenizer.json` decides.
  public var composes: Bool?
  /// The rule for the space before the first word.
  public var spacePrefix = SpacePrefix.tokenizer
  /// Its own special-token template; nil if the post-processor decides.
  public var template: Template?
  /// Whether unigram text is split at white space, with a space before every word.
  public var splitsAtWhitespace = false
  /// Whether it has T5's sentinels, `extra_ids` of them.
  public var hasSentinels = false
  /// The source of the options of word-piece normalization.
  public var normalizer = Normalizer.tokenizer
  /// Whether a `tokenizer.json` that mentions `ByteLevel` anywhere is taken as it is.
  public var yieldsToByteLevel = false
  /// The kind of vocabulary for which this class is written to `tokenizer_config.json`.
  public var writtenFor: VocabularyRules.Source?
  /// The class that is written instead for a unigram vocabulary of a model type with this class.
  public var unigramClass: String?

  /// Creates a class without rules of its own.
  public init() {}
}

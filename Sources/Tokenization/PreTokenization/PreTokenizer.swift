/// The steps that split text into words, within which a byte-level vocabulary merges.
///
/// Each step is a regular expression; a match becomes a word of its own, and so does the text between matches. The
/// next step works inside the words of the one before. After `ByteLevel` the words are written as printable characters,
/// one for each byte, and the steps that follow work on these.
struct PreTokenizer: Hashable, Sendable {
  /// One step, as `tokenizer.json` spells it.
  enum Step: Hashable, Sendable {
    /// `Split` by a regular expression, matches isolated.
    case split(String)
    /// `Digits`, each digit alone.
    case digits
    /// `Digits`, in runs.
    case digitRuns
    /// `Punctuation`, in runs.
    case punctuationRuns
    /// The expression built into `ByteLevel`.
    case byteLevel

    /// The regular expression whose matches become words.
    var pattern: String {
      switch self {
      case .split(let pattern): pattern
      case .digits: #"\p{N}"#
      case .digitRuns: #"\p{N}+"#
      // ASCII symbols count as punctuation, too.
      case .punctuationRuns: #"[\p{P}$+<=>^`|~]+"#
      case .byteLevel: Patterns.gpt2
      }
    }
  }

  /// The name in a GGUF (`tokenizer.ggml.pre`).
  let name: String
  /// Other names in a GGUF for the same steps.
  var aliases: [String] = []
  let steps: [Step]
  /// The steps of llama.cpp for this name; nil if they are `steps`.
  var llamaCppSteps: [Step]?
  /// Whether llama.cpp adds BOS to a text if the GGUF does not state it.
  var addsStart = false
  /// Whether text is first brought to Unicode's composed form (NFC); llama.cpp never does.
  var composes = false
  /// Whether a word that is a token is encoded as that token, before any merging.
  var ignoresMerges = false
  /// Whether the model's own tokenizer does so, and llama.cpp does not.
  var modelIgnoresMerges = false
  /// Further facts that a tokenizer of equal steps must have to get this name.
  var requirements: [Fact] = []
  /// The properties that exclude this name.
  var exclusions: [Fact] = []

  /// A fact that distinguishes tokenizers of equal steps.
  enum Fact: Hashable, Sendable {
    /// Text is composed (NFC).
    case composes
    /// A word that is a token is encoded as that token.
    case takesWordsWhole
    /// Encoding adds a token before the text.
    case addsStart
    /// There is an added token of several spaces.
    case hasSpaceRuns
    /// There is an added token of this text.
    case hasToken(String)
  }

  /// The pre-tokenizer with this name, if it is known.
  static func named(_ name: String) -> PreTokenizer? {
    known.first { $0.name == name || $0.aliases.contains(name) }
  }

  /// The names of all known pre-tokenizers.
  static var names: [String] { known.map(\.name) }
}

extension Vocabulary {
  /// The names that a pre-tokenizer can have in a GGUF, aliases included.
  public static let preTokenizerNames: Set<String> = Set(
    PreTokenizer.known.flatMap { [$0.name] + $0.aliases } + PreTokenizer.wordPieceNames)
}

extension PreTokenizer {
  /// The steps by which `reader` splits text.
  func steps(for reader: Vocabulary.Reader) -> [Step] { reader == .llamaCpp ? llamaCppSteps ?? steps : steps }
}

/// The rules that split text into words before a byte-level vocabulary merges inside each of them.
///
/// Each step is a regular expression; a match becomes a word of its own, and so does the text between matches. The
/// next step works inside the words of the one before.
struct PreTokenizer: Hashable, Sendable {
  /// One step, as `tokenizer.json` spells it.
  enum Step: Hashable, Sendable {
    /// `Split` by a regular expression, matches isolated.
    case split(String)
    /// `Digits`, each digit alone.
    case digits
    /// The expression built into `ByteLevel`.
    case byteLevel

    /// The regular expression whose matches become words.
    var pattern: String {
      switch self {
      case .split(let pattern): pattern
      case .digits: #"\p{N}"#
      case .byteLevel: Patterns.gpt2
      }
    }
  }

  /// The name in a GGUF (`tokenizer.ggml.pre`).
  let name: String
  /// Other names in a GGUF for the same steps.
  var aliases: [String] = []
  let steps: [Step]
  /// Whether text is brought to Unicode's composed form (NFC) before.
  var composes = false
  /// Whether models of this name take a word that is a token whole, before any merging.
  var ignoresMerges = false

  /// The rules with this name, if they are known.
  static func named(_ name: String) -> PreTokenizer? {
    known.first { $0.name == name || $0.aliases.contains(name) }
  }

  /// The names of all known rules.
  static var names: [String] { known.map(\.name) }
}

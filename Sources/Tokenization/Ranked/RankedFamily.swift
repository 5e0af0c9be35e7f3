import Bytes

/// A program whose vocabulary is byte strings with ranks.
///
///     family   file               its tokenizer class    special tokens after the ranks
///     llama3   tokenizer.model    any other              those that the files name, or Llama 3's
///     glm      tokenizer.model    ChatGLM4Tokenizer      those that the files name, or GLM 4's
///     kimi     tiktoken.model     TikTokenTokenizer      256: those that the files name, the others reserved
///     qwen     qwen.tiktoken      QWenTokenizer          208 of Qwen 1's
///     tekken   tekken.json                               before the ranks
enum RankedFamily: Sendable, Hashable {
  case llama3, glm, kimi, qwen, tekken

  /// The merges that llama.cpp's converter makes of ranks.
  enum Merges: Sendable {
    /// Of each token, every split into two tokens.
    case everySplit
    /// Of each token, the last pair that merging its bytes by lower ranks comes to.
    case lastPair
  }

  /// The family of a tiktoken file.
  ///
  /// - Parameter configuration: `tokenizer_config.json`, whose class tells the families of `tokenizer.model` apart.
  init(tiktokenFile name: String, configuration: JSON?) {
    if name.hasSuffix(Self.qwenEnding) {
      self = .qwen
    } else if name == Self.kimiFile || configuration?.mentions("TikTokenTokenizer") ?? false {
      self = .kimi
    } else {
      self = configuration?["tokenizer_class"]?.string == "ChatGLM4Tokenizer" ? .glm : .llama3
    }
  }

  static let kimiFile = "tiktoken.model"
  static let qwenEnding = ".tiktoken"

  var merges: Merges {
    switch self {
    case .llama3, .glm, .tekken: .everySplit
    case .kimi, .qwen: .lastPair
    }
  }

  /// The expression that splits text; nil if the file states it.
  var pattern: String? {
    switch self {
    case .llama3, .glm: PreTokenizer.Patterns.llama3
    case .kimi: PreTokenizer.Patterns.kimi
    case .qwen: PreTokenizer.Patterns.qwen2
    case .tekken: nil
    }
  }

  /// Whether text is brought to NFC.
  var composes: Bool { self == .qwen }

  /// Whether its ids are those of the tiktoken library; Llama 3's are those of transformers, which converts the file.
  var isReadByTiktoken: Bool { self != .llama3 }

  /// Whether the texts in `tokenizer_config.json` give roles to tokens. For the others, the converter finds none of the
  /// texts, because it looks for them in `tokenizer.json`.
  var takesNamedRoles: Bool { merges == .everySplit }

  /// The texts of special tokens that are added before every text, for families that have them.
  var prefix: [String] { self == .glm ? ["[gMASK]", "<sop>"] : [] }

  /// The special tokens of a family with a fixed list, in the order of their ids.
  var ownSpecials: [String] {
    switch self {
    case .glm:
      [
        "<|endoftext|>", "[MASK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<|system|>", "<|user|>", "<|assistant|>",
        "<|observation|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>", "<|end_of_video|>",
      ]
    case .qwen: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + (0..<205).map { "<|extra_\($0)|>" }
    case .llama3, .kimi, .tekken: []
    }
  }

  /// The special tokens after Kimi's ranks.
  static let kimiSpecialCount = 256
}

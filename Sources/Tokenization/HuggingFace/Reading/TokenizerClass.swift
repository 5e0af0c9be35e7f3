import Bytes

/// A class of transformers that builds a tokenizer from a vocabulary by rules of its own.
///
/// From `tokenizer.json` such a class takes the vocabulary, the pairs and the post-processor; normalizer,
/// pre-tokenizer and decoder are its own. Every other class takes `tokenizer.json` as it stands.
struct TokenizerClass: Sendable {
  /// The name, without the ending `Fast`.
  let name: String
  /// The special tokens it has when no file names them, by attribute.
  let defaults: KeyValuePairs<String, String>
  /// The name of its own splitting rules; nil where it has none beyond those of `tokenizer.json`.
  var preTokenizer: String?
  /// Whether it brings text to Unicode's composed form; nil if it has no answer.
  var composes: Bool?

  private static let endOfText = "<|endoftext|>"

  /// The classes, with the defaults of transformers 5.
  static let known: [TokenizerClass] = [
    TokenizerClass(
      name: "LlamaTokenizer", defaults: ["unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"]),
    TokenizerClass(name: "CodeLlamaTokenizer", defaults: [:]),
    TokenizerClass(
      name: "GPT2Tokenizer",
      defaults: ["unk_token": endOfText, "bos_token": endOfText, "eos_token": endOfText], preTokenizer: "gpt-2",
      composes: false),
    TokenizerClass(
      name: "Qwen2Tokenizer",
      defaults: ["unk_token": endOfText, "eos_token": endOfText, "pad_token": endOfText], preTokenizer: "qwen2",
      composes: true),
    TokenizerClass(
      name: "GPTNeoXTokenizer",
      defaults: [
        "unk_token": endOfText, "bos_token": endOfText, "eos_token": endOfText, "pad_token": "<|padding|>",
      ], composes: true),
    TokenizerClass(
      name: "GemmaTokenizer",
      defaults: [
        "unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "mask_token": "<mask>",
      ]),
    TokenizerClass(
      name: "CohereTokenizer",
      defaults: [
        "unk_token": "<UNK>", "bos_token": "<BOS_TOKEN>", "eos_token": "<|END_OF_TURN_TOKEN|>", "pad_token": "<PAD>",
        "cls_token": "<CLS>", "sep_token": "<SEP>", "mask_token": "<MASK_TOKEN>",
      ], composes: true),
    TokenizerClass(
      name: "BertTokenizer",
      defaults: [
        "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
        "mask_token": "[MASK]",
      ]),
    TokenizerClass(
      name: "T5Tokenizer", defaults: ["eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"]),
  ]

  /// The class that transformers has for a `model_type`; an empty name takes `tokenizer.json` as it stands.
  private static let registered: [String: String] = [
    "mistral": "", "mixtral": "", "phi3": "", "stablelm": "", "olmo2": "", "olmo3": "", "granite": "",
    "granitemoe": "", "granitemoeshared": "", "nemotron": "", "internlm2": "", "umt5": "", "modernbert": "",
    "ernie4_5": "", "glm4": "", "gpt_bigcode": "",
    "qwen2": "Qwen2Tokenizer", "qwen2_moe": "Qwen2Tokenizer", "qwen3": "Qwen2Tokenizer",
    "qwen3_moe": "Qwen2Tokenizer", "gemma": "GemmaTokenizer", "gemma2": "GemmaTokenizer", "gemma3": "GemmaTokenizer",
    "gemma3_text": "GemmaTokenizer", "phi": "GPT2Tokenizer", "gpt2": "GPT2Tokenizer", "starcoder2": "GPT2Tokenizer",
    "gpt_neox": "GPTNeoXTokenizer", "mpt": "GPTNeoXTokenizer", "olmo": "GPTNeoXTokenizer", "olmoe": "GPTNeoXTokenizer",
    "cohere": "CohereTokenizer", "cohere2": "CohereTokenizer", "bert": "BertTokenizer", "nomic_bert": "BertTokenizer",
    "t5": "T5Tokenizer", "mt5": "T5Tokenizer",
  ]

  /// Model types whose registered class counts, whatever their files say.
  private static let overruled: Set<String> = ["qwen2", "phi3", "internlm2", "modernbert", "nemotron"]

  /// The class for the files of a folder; nil if they are loaded as they stand.
  ///
  /// LLaMA's class gives way when `tokenizer.json` mentions `ByteLevel` anywhere.
  static func of(_ files: TokenizerFiles) -> TokenizerClass? {
    let (configuration, model) = (files.configuration, files.model)
    let modelType = model?["model_type"]?.string ?? ""
    let own = registered[modelType]
    let isOverruled = overruled.contains(modelType)
    let stated = (configuration?["tokenizer_class"] ?? model?["tokenizer_class"])?.string.map { name in
      name.hasSuffix("Fast") && !name.hasPrefix("PreTrained") ? String(name.dropLast("Fast".count)) : name
    }
    if stated == "LlamaTokenizer", !isOverruled, files.tokenizer?.mentions("ByteLevel") ?? false { return nil }
    guard let stated else { return own.flatMap(named) }
    guard let own, own != stated else { return named(stated) }
    if own.isEmpty { return nil }
    return named(isOverruled ? own : stated)
  }

  private static func named(_ name: String) -> TokenizerClass? { known.first { $0.name == name } }
}

extension JSON {
  /// Whether `text` is a string or a key anywhere in this value.
  fileprivate func mentions(_ text: String) -> Bool {
    switch self {
    case .string(let own): own == text
    case .array(let elements): elements.contains { $0.mentions(text) }
    case .object(let members): members[ExactString(text)] != nil || members.values.contains { $0.mentions(text) }
    default: false
    }
  }
}

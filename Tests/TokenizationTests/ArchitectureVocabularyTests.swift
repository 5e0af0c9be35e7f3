import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// The vocabularies of small checkpoints of many architectures, as the reference converter writes them.
@Suite struct ArchitectureVocabularyTests {
  /// A checkpoint with its tokenizer: the folder of the checkpoint laid over that of the tokenizer it shares.
  struct Checkpoint: CustomTestStringConvertible {
    let name: String
    let rules: JSON?
    let vocabularySize: Int?
    var testDescription: String { name }

    private static let t5 = #"{ "sources": ["unigram", "sentencepiece"], "added_tokens": "file" }"#
    private static let granite =
      #"{ "sources": ["sentencepiece", "sentencepiece_json", "byte_level_bpe"], "size_rules": true, "#
      + #""space_prefix": "configuration", "pre_tokenizers": ["refact"] }"#

    /// How each architecture reads its vocabulary; those that are not here read it as LLaMA does.
    static let rules: [String: String] = [
      "bloom": #""byte_level_bpe""#, "gpt2": #""byte_level_bpe""#, "gpt_neox": #""byte_level_bpe""#,
      "olmoe": #""byte_level_bpe""#,
      "falcon": #""byte_level_bpe""#, "phi": #""byte_level_bpe""#, "deepseek_v2": #""byte_level_bpe""#,
      "seed_oss": #""byte_level_bpe""#, "mpt": #"{ "sources": ["byte_level_bpe", "sentencepiece"] }"#,
      "gpt_bigcode": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["refact"] }"#,
      "ernie4_5": #"{ "sources": ["sentencepiece"], "space_prefix": "configuration_last" }"#,
      "glm4": #"{ "sources": ["byte_level_bpe"], "named_tokens": { "eos": "<|endoftext|>", "eot": "<|user|>", "#
        + #""unk": "<|endoftext|>", "bos": "<|endoftext|>" } }"#,
      "qwen2": #"{ "sources": ["sentencepiece", "byte_level_bpe"] }"#,
      "qwen2_moe": #""byte_level_bpe""#, "qwen3_moe": #""byte_level_bpe""#,
      "qwen3": #"{ "sources": ["sentencepiece", "byte_level_bpe"] }"#,
      "starcoder2": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["starcoder"] }"#,
      "stablelm": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["stablelm2"] }"#,
      "olmo2": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["dbrx"] }"#,
      "olmo3": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["dbrx"] }"#,
      "exaone": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["exaone"] }"#,
      "exaone4": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["exaone4"] }"#,
      "cohere2": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["command-r"] }"#,
      "cohere": #"{ "sources": ["byte_level_bpe"], "pre_tokenizers": ["command-r"] }"#,
      "gemma": #"{ "sources": ["sentencepiece"], "space_prefix": "never", "special_tokens": { "eot": 107 } }"#,
      "gemma2": #"{ "sources": ["sentencepiece"], "space_prefix": "never" }"#,
      "gemma3_text": #"{ "sources": ["sentencepiece"], "space_prefix": "never" }"#,
      "phi3": #"{ "sources": ["sentencepiece", "byte_level_bpe"], "added_tokens": "every_file" }"#,
      "baichuan": #""sentencepiece""#,
      "internlm2": #"{ "sources": ["sentencepiece"], "added_tokens": "every_file", "space_prefix": "model", "#
        + #""chat_end": "<|im_end|>", "unused_prefix": "[UNUSED", "substitutes": { "\u0000": "🐉" } }"#,
      "bert": #"{ "sources": ["wordpiece", "unigram"], "token_type_count": true }"#,
      "nomic_bert": #"{ "sources": ["wordpiece", "unigram"], "token_type_count": true }"#,
      "t5": t5, "mt5": t5, "umt5": t5,
      "granite": granite, "granitemoe": granite, "granitemoeshared": granite,
      "nemotron": #"{ "sources": ["sentencepiece"], "fixed_tokens": { "pad": 0, "unk": 1 } }"#,
      "smollm3": #"{ "sources": ["sentencepiece", "sentencepiece_json", "byte_level_bpe"], "size_rules": true, "#
        + #""space_prefix": "configuration", "pre_tokenizers": ["smaug-bpe"] }"#,
    ]

    /// Those of which the reference converter makes a GGUF.
    static let all: [Checkpoint] = ((try? FileSystem.list(Fixtures.path("architectures"))) ?? []).sorted().filter {
      (try? Fixtures.json("architectures", $0, "fixture.json"))?["gguf"]?.bool != false
    }.map { name in
      let stated = try? Fixtures.json("architectures", name, "config.json")
      // Of a model with images the text model counts.
      let configuration = stated?["text_config"] ?? stated
      let modelType = configuration?["model_type"]?.string ?? ""
      return Checkpoint(
        name: name, rules: rules[modelType].flatMap { try? JSON(parsing: Array($0.utf8)) },
        vocabularySize: configuration?["vocab_size"]?.integer)
    }

    func folder() throws -> TemporaryFolder {
      let folder = TemporaryFolder()
      let facts = try Fixtures.json("architectures", name, "fixture.json")
      let tokenizer = facts["tokenizer"]?.string ?? ""
      for base in [Fixtures.path("tokenizers", tokenizer), Fixtures.path("architectures", name)] {
        for file in try FileSystem.list(base) where !file.hasSuffix(".safetensors") {
          guard FileSystem.kind(of: Path.join(base, file)) == .regular else { continue }
          try folder.write(LocalFile(Path.join(base, file)).wholeContent(limit: 1 << 24), to: file)
        }
      }
      return folder
    }
  }

  @Test func checkpointsAreThere() {
    #expect(Checkpoint.all.count > 10)
  }

  @Test("gives the reference converter's keys, types, values and order", arguments: Checkpoint.all)
  func metadataEqualsTheReference(checkpoint: Checkpoint) throws {
    let folder = try checkpoint.folder()
    let rules = try VocabularyRules(checkpoint.rules)
    let vocabulary = try Vocabulary.read(
      TokenizerFiles(LocalFolder(folder.path)), rules: rules, vocabularySize: checkpoint.vocabularySize
    ).vocabulary
    let facts = try Fixtures.json("architectures", checkpoint.name, "fixture.json")
    let name = facts["same_as"]?.string ?? checkpoint.name
    let expected = try ExpectedMetadata.tokenizer(Fixtures.path("expected", name, "metadata.json"))
    var made = Metadata()
    // Phi-2's architecture itself answers this before the vocabulary does.
    if expected.first?.key == "tokenizer.ggml.add_bos_token" { made["tokenizer.ggml.add_bos_token"] = .bool(true) }
    for (key, value) in vocabulary.metadata().pairs { made[key.text] = value }
    #expect(made.pairs.keys.map(\.text) == expected.map(\.key))
    for (key, value) in expected {
      #expect(made[key] == value, "\(key): the reference has \(value.display())")
    }
  }
}

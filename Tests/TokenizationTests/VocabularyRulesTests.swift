import Bytes
import TestSupport
import Testing

@testable import Tokenization

/// What a definition says of how a vocabulary is read.
@Suite("Vocabulary rules")
struct VocabularyRulesTests {
  /// The vocabulary of a tokenizer that architectures share, with another `tokenizer_config.json`.
  private func vocabulary(of kind: String, rules: String, configuration: String) throws -> Vocabulary {
    let folder = TemporaryFolder()
    for file in try FileSystem.list(Fixtures.path("tokenizers", kind)) {
      try folder.write(LocalFile(Fixtures.path("tokenizers", kind, file)).wholeContent(limit: 1 << 24), to: file)
    }
    try folder.write(Array(configuration.utf8), to: "tokenizer_config.json")
    return try Vocabulary.read(
      TokenizerFiles(LocalFolder(folder.path)), rules: BundledRules.parsing(rules), vocabularySize: 384
    ).vocabulary
  }

  @Test("lists the answer about the space", arguments: [("configuration", true), ("configuration_last", false)])
  func spacePrefix(rule: String, isFirst: Bool) throws {
    let read = try vocabulary(
      of: "llama", rules: #"{ "sources": ["sentencepiece"], "space_prefix": "\#(rule)" }"#,
      configuration: #"{ "add_prefix_space": false }"#)
    let keys = read.metadata().pairs.keys.map(\.text)
    #expect((isFirst ? keys.first : keys.last) == "tokenizer.ggml.add_space_prefix")
    #expect(read.addsSpacePrefix == false)
  }

  @Test(
    "gives a named token only to a role that no file gives", arguments: [("", 300), (#""bos_token": "[gMASK]""#, 302)])
  func namedToken(member: String, expected: Int) throws {
    let rules =
      #"{ "sources": ["byte_level_bpe"], "named_tokens": { "bos": "<|endoftext|>", "eot": "<|nothing|>" } }"#
    let read = try vocabulary(of: "glm4", rules: rules, configuration: "{ \(member) }")
    #expect(read.id(of: .bos) == expected)
    #expect(read.id(of: .eot) == nil)
  }

  /// The first of these comes before what the other files say, as the reference converter's classes have it.
  @Test("takes a token that a file states in its own way")
  func statedTokens() throws {
    let rules =
      #"{ "sources": ["byte_level_bpe"], "stated_tokens": { "eos": { "config": "eod_token_id" }, "eot": { "generation_config": "eos_token_id" }, "bos": { "added_token": "<|user|>", "with": "thinker_config" } } }"#
    func read(_ model: String, _ generation: String) throws -> Vocabulary {
      var files = try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", "glm4")))
      files.configuration = try JSON(
        parsing: Array(#"{"eos_token":"<|endoftext|>","added_tokens_decoder":{"305":{"content":"<|user|>"}}}"#.utf8))
      files.model = try JSON(parsing: Array(model.utf8))
      files.generation = try JSON(parsing: Array(generation.utf8))
      return try Vocabulary.read(files, rules: BundledRules.parsing(rules), vocabularySize: 384).vocabulary
    }
    let stated = try read(
      #"{"thinker_config":{},"text_config":{"eod_token_id":303}}"#, #"{"eos_token_id":[304,303]}"#)
    #expect([SpecialToken.eos, .eot, .bos].map(stated.id) == [303, 304, 305])
    let keys = stated.metadata().pairs.keys.map(\.text)
    #expect(keys.last == "tokenizer.ggml.bos_token_id")
    let plain = try read("{}", #"{"eos_token_id":304}"#)
    #expect([SpecialToken.eos, .eot, .bos].map(plain.id) == [300, nil, nil])
  }

  static let refusals: [(vocabulary: String, message: String)] = [
    (
      #"{ "added_tokns": "file" }"#,
      #"definition, vocabulary: unknown key "added_tokns" (did you mean "added_tokens"?)"#
    ),
    (
      #""byte_level""#,
      #"definition, vocabulary: expected one of sentencepiece, merged_pieces, byte_level_bpe, wordpiece, unigram, found "byte_level""#
    ),
    (#"{ "sources": [] }"#, "definition, vocabulary.sources: expected at least one source, found an array"),
    (
      #"{ "named_tokens": { "bos": 1 } }"#, "definition, vocabulary.named_tokens.bos: expected a string, found a number"
    ),
    (#"{ "named_tokens": ["bos"] }"#, "definition, vocabulary.named_tokens: expected an object, found an array"),
    (
      #"{ "named_tokens": { "eoss": "<s>" } }"#,
      #"definition, vocabulary.named_tokens: unknown key "eoss" (did you mean "eos"?)"#
    ),
    (
      #"{ "special_tokens": { "eot": -1 } }"#,
      "definition, vocabulary.special_tokens.eot: expected a token id, found a number"
    ),
    (
      #"{ "pre_tokenizers": ["gpt2"] }"#,
      #"definition, vocabulary.pre_tokenizers: pre-tokenizer "gpt2" is unknown (did you mean "gpt-2"?)"#
    ),
    (#"{ "size_rules": 1 }"#, "definition, vocabulary.size_rules: expected a boolean, found a number"),
  ]

  @Test("refuses", arguments: refusals)
  func refused(vocabulary: String, message: String) {
    #expect { try BundledRules.parsing(vocabulary) } throws: { "\($0)" == message }
  }
}

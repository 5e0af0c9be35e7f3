import Bytes
import TestSupport
import Testing

@testable import Tokenization

/// What a definition says of how a vocabulary is read.
@Suite struct VocabularyRulesTests {
  /// The vocabulary of a tokenizer that architectures share, with another `tokenizer_config.json`.
  private func vocabulary(of kind: String, rules: String, configuration: String) throws -> Vocabulary {
    let folder = TemporaryFolder()
    for file in try FileSystem.list(Fixtures.path("tokenizers", kind)) {
      try folder.write(LocalFile(Fixtures.path("tokenizers", kind, file)).wholeContent(limit: 1 << 24), to: file)
    }
    try folder.write(Array(configuration.utf8), to: "tokenizer_config.json")
    let rules = try VocabularyRules(JSON(parsing: Array(rules.utf8)))
    return try Vocabulary.read(TokenizerFiles(LocalFolder(folder.path)), rules: rules, vocabularySize: 384).vocabulary
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

  @Test("refuses", arguments: [#"{ "bos": 1 }"#, #"{ "bos": null }"#, #"{ "start": 1 }"#, #"{ "start": "<s>" }"#])
  func refused(namedTokens: String) throws {
    let json = try JSON(parsing: Array(#"{ "named_tokens": \#(namedTokens) }"#.utf8))
    #expect(
      throws: VocabularyError.invalidMember(
        file: "definition", member: "vocabulary.named_tokens", expected: "roles with the texts of their tokens"
      )
    ) { try VocabularyRules(json) }
  }
}

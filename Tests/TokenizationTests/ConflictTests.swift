import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

@Suite("A conflict between tokenizer files")
struct ConflictTests {
  @Test(
    "is reported with both values and the winner",
    arguments: [
      (
        "yi",
        [
          "eos token: 7 in tokenizer_config.json, but 2 in config.json; 7 is used"
        ]
      ),
      (
        "aquila",
        [
          "bos token: 510 in tokenizer_config.json, but 1 in config.json; 510 is used",
          "eos token: 511 in tokenizer_config.json, but 2 in config.json; 511 is used",
        ]
      ),
      ("llama-gqa", []), ("mistral", []),
    ])
  func specialTokens(name: String, expected: [String]) throws {
    let read = try Vocabulary.read(TokenizerFiles(LocalFolder(Fixtures.path(name))))
    #expect(read.conflicts.map(\.description) == expected)
  }

  @Test("is decided by the model's configuration without tokenizer.json")
  func modelConfiguration() throws {
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("yi")))
    files.tokenizer = nil
    let conflicts = try Vocabulary.read(files).conflicts.map(\.description)
    #expect(
      conflicts == [
        "eos token: 2 in config.json, but 7 in tokenizer_config.json, 7 in special_tokens_map.json, "
          + "7 in generation_config.json; 2 is used"
      ])
  }

  @Test("takes -1 and null for no token", arguments: [SpecialToken.bos, .eos, .pad, .unk], [JSON.integer(-1), .null])
  func noToken(role: SpecialToken, id: JSON) throws {
    var files = TokenizerFiles()
    files.sentencePiece = try TokenizerFiles(LocalFolder(Fixtures.path("llama-gqa"))).sentencePiece
    files.model = .members(["\(role.rawValue)_token_id": id, "vocab_size": .integer(512)])
    let read = try Vocabulary.read(files)
    files.model = .members(["vocab_size": .integer(512)])
    #expect(read.conflicts.isEmpty)
    #expect(try read.vocabulary == Vocabulary.read(files).vocabulary)
    files.model = .members(["\(role.rawValue)_token_id": .integer(-2)])
    #expect(throws: VocabularyError.self) { try Vocabulary.read(files) }
  }

  @Test("reads side files as Python does")
  func sideFiles() throws {
    let tree = try MemoryTree(copying: Fixtures.path("llama-gqa"))
    var contents: [String: [UInt8]] = [:]
    for name in try tree.names(in: "") where tree.kind(of: name) == .regular {
      contents[name] = try tree.open(name).wholeContent(limit: 1 << 26)
    }
    for name in ["config.json", "tokenizer_config.json"] {
      contents[name] = [0xEF, 0xBB, 0xBF] + (contents[name] ?? [])
    }
    let read = try Vocabulary.read(TokenizerFiles(MemoryTree(path: "/nowhere", contents)))
    // config.json is remarked on where the hyperparameters are read.
    #expect(
      read.conflicts.map(\.description) == ["tokenizer_config.json: begins with a byte-order mark, which was skipped"])
    let plain = try Vocabulary.read(TokenizerFiles(LocalFolder(Fixtures.path("llama-gqa"))))
    #expect(read.vocabulary == plain.vocabulary)
  }

  @Test("about tokens without a row drops them")
  func tokensWithoutRow() throws {
    let files = try TokenizerFiles(LocalFolder(Fixtures.path("llama-gqa")))
    let read = try Vocabulary.read(files, vocabularySize: 502)
    #expect(read.vocabulary.count == 502)
    #expect(
      read.conflicts.map(\.description) == [
        #"token "<|marker|>": id 502 in tokenizer_config.json, but the model has 502 rows; it is dropped"#
      ])
  }

  @Test("about a byte-level token without a row is an error")
  func byteLevelToken() throws {
    let files = try TokenizerFiles(LocalFolder(Fixtures.path("llama3-tied")))
    #expect { try Vocabulary.read(files, vocabularySize: 505) } throws: {
      "\($0)" == #"token "<|eom_id|>": id 505 is beyond the 505 rows of the embedding"#
    }
  }

  @Test("about a replaced token is reported")
  func replacedToken() throws {
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("llama-gqa")))
    files.addedTokens = .members(["<new>": .integer(400), "<far>": .integer(9000)])
    let read = try Vocabulary.read(files)
    #expect(read.vocabulary.text(of: 400) == "<new>")
    #expect(
      read.conflicts.map(\.description) == [
        #"token "<far>": id 9000 in added_tokens.json, but the model has 512 rows; it is dropped"#
      ])
  }

  @Test("about many tokens without a row is reported once")
  func manyTokens() throws {
    let read = try Vocabulary.read(TokenizerFiles(LocalFolder(Fixtures.path("llama-gqa"))), vocabularySize: 450)
    #expect(read.vocabulary.count == 450)
    #expect(
      read.conflicts.map(\.description) == [
        #"50 tokens of tokenizer.model, beginning with "P" of id 450, have no row in the model, which has 450; they are dropped"#,
        #"token "<pad>": id 500 in tokenizer_config.json, but the model has 450 rows; it is dropped"#,
        #"token "<tool>": id 501 in tokenizer_config.json, but the model has 450 rows; it is dropped"#,
        #"token "<|marker|>": id 502 in tokenizer_config.json, but the model has 450 rows; it is dropped"#,
      ])
  }

  @Test("about a folder without a tokenizer names the expected files")
  func noTokenizer() {
    #expect { try Vocabulary.read(TokenizerFiles()) } throws: {
      "\($0)" == "no tokenizer: expected tokenizer.model or tokenizer.json"
    }
  }

  @Test("about an unknown pre-tokenizer lists the known ones")
  func unknownPreTokenizer() throws {
    let files = try TokenizerFiles(LocalFolder(Fixtures.path("llama3-tied")))
    #expect { try Vocabulary.read(files, preTokenizer: "nope") } throws: {
      "\($0)".hasPrefix(#"pre-tokenizer "nope": unknown, expected one of gpt-2, phi-2, modern-bert, olmo, llama-bpe, "#)
    }
    #expect(try Vocabulary.read(files, preTokenizer: "smaug-bpe").vocabulary.preTokenizer == "smaug-bpe")
  }

  @Test("is absent between vocab.json with merges.txt and tokenizer.json")
  func vocabularyAndMerges() throws {
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("aquila")))
    let whole = try Vocabulary.read(files).vocabulary
    files.vocabulary = try JSON(parsing: LocalFile(Fixtures.path("aquila", "vocab.json")).wholeContent(limit: 1 << 20))
    files.merges = try LocalFile(Fixtures.path("aquila", "merges.txt")).wholeContent(limit: 1 << 20)
    files.tokenizer = nil
    let parts = try Vocabulary.read(files).vocabulary
    #expect(parts.preTokenizer == "gpt-2")
    #expect(parts.merges == whole.merges)
  }

  @Test("about the pre-tokenizer is decided by the class without tokenizer.json")
  func tokenizerClass() throws {
    func bytes(_ name: String) throws -> [UInt8] {
      try LocalFile(Fixtures.path("tokenizers", "qwen2", name)).wholeContent(limit: 1 << 20)
    }
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", "qwen2")))
    files.vocabulary = try JSON(parsing: bytes("vocab.json"))
    files.merges = try bytes("merges.txt")
    files.tokenizer = nil
    let rules = try BundledRules.parsing(#""byte_level_bpe""#)
    #expect(try Vocabulary.read(files, rules: rules, vocabularySize: 320).vocabulary.preTokenizer == "qwen2")
  }
}

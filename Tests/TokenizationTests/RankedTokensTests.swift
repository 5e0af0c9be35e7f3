import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// Files of ranks: their ids against tiktoken's and mistral_common's, their metadata against the reference converter's.
@Suite("Tokens with ranks")
struct RankedTokensTests {
  /// The ids of random texts by the program that reads the files.
  struct Golden: CustomTestStringConvertible {
    let kind: String
    let ids: [[Int]]
    var testDescription: String { kind }

    private static let entries = (try? Fixtures.json("tokenization", "ranked.json"))?.array ?? []
    static let texts = (entries.first?["texts"]?.array ?? []).compactMap(\.string)
    static let all: [Golden] = entries.dropFirst().map { entry in
      Golden(
        kind: entry["kind"]?.string ?? "",
        ids: (entry["ids"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) })
    }
  }

  private static func files(_ kind: String) throws -> TokenizerFiles {
    try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", kind)))
  }

  @Test("have golden ids")
  func goldensExist() {
    #expect(Golden.texts.count == 150)
    #expect(Golden.all.map(\.kind) == ["tekken", "kimi", "qwen1", "glm-tiktoken"])
    #expect(Golden.all.allSatisfy { $0.ids.count == Golden.texts.count })
  }

  @Test("give the ids of tiktoken and of mistral_common", arguments: Golden.all)
  func idsOfLibraries(golden: Golden) throws {
    let tokenizer = try Tokenizer(Vocabulary.read(Self.files(golden.kind), vocabularySize: 640).vocabulary)
    // mistral_common finds no special token in a text.
    let matching = golden.kind == "tekken" ? SpecialTokenMatching.plainText : .matched
    for (text, ids) in zip(Golden.texts, golden.ids) {
      #expect(tokenizer.encode(text, specialTokens: .omit, matching: matching) == ids, "\(text)")
    }
  }

  /// A GGUF of the reference converter, the tokenizer that it is made of, and what config.json states; nil for params.json.
  struct Reference: CustomTestStringConvertible {
    let name: String
    let kind: String
    let definition: String
    let configuration: JSON?
    var testDescription: String { name }

    func metadata() throws -> Metadata {
      try #require(Checkpoint.open(Fixtures.path("expected", "ranked", "\(name).gguf")).ggufMetadata)
    }

    /// No bundled definition is Qwen 1's.
    private func rules() throws -> VocabularyRules {
      guard definition == "qwen" else { return try BundledRules.named(definition) }
      return try BundledRules.parsing(
        """
        {"sources": ["byte_level_bpe"],
         "named_tokens": {"bos": "<|endoftext|>", "eos": "<|endoftext|>", "unk": "<|endoftext|>"}}
        """)
    }

    func vocabulary() throws -> VocabularyImport {
      var files = try RankedTokensTests.files(kind)
      files.model = configuration
      let size = configuration?["vocab_size"]?.integer ?? 340
      return try Vocabulary.read(
        files, rules: rules(), vocabularySize: size, naming: .byCheckText)
    }
  }

  static let references = [
    Reference(
      name: "kimi", kind: "kimi", definition: "deepseek-v3",
      configuration: .members([
        "model_type": .string("kimi_k2"), "vocab_size": .integer(560), "bos_token_id": .integer(300),
        "eos_token_id": .integer(302),
      ])),
    Reference(
      name: "qwen1", kind: "qwen1", definition: "qwen",
      configuration: .members(["model_type": .string("qwen"), "vocab_size": .integer(544)])),
    Reference(
      name: "tekken", kind: "tekken", definition: "mistral",
      configuration: .members(["model_type": .string("mistral"), "vocab_size": .integer(340)])),
    Reference(name: "tekken-params", kind: "tekken", definition: "mistral", configuration: nil),
  ]

  @Test("have the metadata of the reference converter, in its order", arguments: references)
  func metadataOfReference(reference: Reference) throws {
    let read = try reference.vocabulary()
    let expected = try reference.metadata().pairs.filter { $0.key.text.hasPrefix("tokenizer.") }
    let own = read.vocabulary.metadata().pairs
    #expect(own.map(\.key.text) == expected.map(\.key.text))
    for (key, value) in expected { #expect(own[key] == value, "\(key.text)") }
    #expect(read.departures == [])
    // Kimi's files name two tokens that end a text.
    #expect(read.conflicts.allSatisfy { $0.description.hasPrefix("eos token: ") })
  }

  @Test("come back from metadata", arguments: references)
  func roundTrip(reference: Reference) throws {
    var metadata = Metadata()
    metadata.pairs = try reference.metadata().pairs.filter { $0.key.text.hasPrefix("tokenizer.") }
    #expect(try Vocabulary(metadata).metadata() == metadata)
  }

  @Test("give the ids of llama.cpp from a GGUF", arguments: ["kimi", "qwen1", "tekken"])
  func idsOfLlamaCpp(name: String) throws {
    let file = Fixtures.path("expected", "ranked", "\(name).gguf")
    let tokenizer = try Tokenizer(Vocabulary(#require(Checkpoint.open(file).ggufMetadata)))
    let rows = try Fixtures.json("expected", "ranked", "\(name).json").array ?? []
    let texts = KindEncodingTests.Golden.texts.prefix(rows.count - Golden.texts.count) + Golden.texts
    #expect(rows.count > 190)
    for (text, row) in zip(texts, rows) {
      #expect(tokenizer.encode(text) == (row.array ?? []).compactMap(\.integer), "\(text)")
    }
  }

  @Test("keep the chat template of a folder with tekken.json")
  func ownTemplate() throws {
    var files = try Self.files("tekken")
    files.model = .members(["model_type": .string("mistral"), "vocab_size": .integer(340)])
    files.chatTemplate = Array("own".utf8)
    let departing = try Vocabulary.read(files)
    #expect(departing.vocabulary.chatTemplate == "own")
    #expect(departing.departures == [.ownChatTemplate])
    let following = try Vocabulary.read(files, departsFromReference: false)
    #expect(following.vocabulary.chatTemplate == "mistral-v7-tekken")
    #expect(following.departures == [])
    // With params.json the converter takes the folder's, too.
    files.model = nil
    let native = try Vocabulary.read(files, vocabularySize: 340)
    #expect(native.vocabulary.chatTemplate == "own")
    #expect(native.departures == [])
  }

  @Test("say that no chat template is known for a later version")
  func unknownTemplate() throws {
    var files = try Self.files("tekken")
    files.tekkenVersion = "v13"
    let read = try Vocabulary.read(files, vocabularySize: 340)
    #expect(read.vocabulary.chatTemplates == [])
    #expect(read.conflicts == [.noChatTemplate(version: "v13")])
  }

  @Test("reserve Kimi's tokens without a name, up to the rows of the embedding")
  func reserved() throws {
    var files = try Self.files("kimi")
    #expect(files.idOfAddedToken("<|reserved_token_305|>") == 305)
    #expect(files.idOfAddedToken("[PAD]") == 555)
    files.model = .members(["vocab_size": .integer(556)])
    let read = try Vocabulary.read(files)
    #expect(read.vocabulary.count == 556)
    #expect(read.vocabulary.types.count { $0 == .control } == 256)
    #expect(read.vocabulary.specialTokens == [])
  }

  /// Hostile and broken tiktoken files.
  static let broken: [(content: String, fact: String)] = [
    ("AA== 0\nAQ==\n", "line 2: expected base64 and a rank that no other line has"),
    ("AA== 0\n?? 1\n", "line 2: expected base64 and a rank that no other line has"),
    ("AA== 0\n 1\n", "line 2: expected base64 and a rank that no other line has"),
    ("AA== 0\nAQ== -1\n", "line 2: expected base64 and a rank that no other line has"),
    ("AA== 0\nAQ== 99999999999999999999\n", "line 2: expected base64 and a rank that no other line has"),
    ("AA== 0\nAQ== 9223372036854775807\n", "no token has rank 1, expected no gaps"),
    ("AA== 0\nAQ== 0\n", "line 2: expected base64 and a rank that no other line has"),
    ("AA== 0\nAA== 1\n", "ranks 0 and 1 have the same token, expected different ones"),
    ("AA== 1\n", "no token has rank 0, expected no gaps"),
    ("\u{0}\u{1}", "line 1: expected base64 and a rank that no other line has"),
    ("", "expected one or more tokens"),
  ]

  @Test("are refused with the line that is wrong", arguments: broken.indices, ["tiktoken.model", "qwen.tiktoken"])
  func refusals(index: Int, name: String) throws {
    let (content, fact) = Self.broken[index]
    let tree = MemoryTree(path: "/m", [name: Array(content.utf8)])
    #expect { try TokenizerFiles(tree) } throws: { "\($0)" == "/m/\(name): \(fact)" }
  }

  @Test("are refused for special tokens beyond any vocabulary")
  func hostileSpecials() throws {
    let decoder = #"{"added_tokens_decoder": {"9223372036854775807": {"content": "<x>"}, "-3": {"content": "<y>"}}}"#
    let tree = MemoryTree(
      path: "/m", ["tiktoken.model": Array("AA== 0\n".utf8), "tokenizer_config.json": Array(decoder.utf8)])
    let files = try TokenizerFiles(tree)
    #expect(files.idOfAddedToken("<x>") == nil)
    #expect(files.idOfAddedToken("<y>") == nil)
    let named =
      #"{"tokenizer_class": "ChatGLM4Tokenizer", "added_tokens_decoder": {"9223372036854775806": {"content": "<x>"}}}"#
    let other = MemoryTree(
      path: "/m", ["tokenizer.model": Array("AA== 0\n".utf8), "tokenizer_config.json": Array(named.utf8)])
    let read = try TokenizerFiles(other)
    #expect(throws: VocabularyError.self) { try Vocabulary.read(read, vocabularySize: 16) }
  }
}

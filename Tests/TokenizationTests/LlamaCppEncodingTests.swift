import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// The ids that llama.cpp gives to the texts of `KindEncodingTests`, for a GGUF with one of the shared tokenizers.
struct LlamaGolden: CustomTestStringConvertible {
  let kind: String
  let checkpoint: String
  /// Of each text the ids, and those with the tokens around it.
  let rows: [(ids: [Int], framed: [Int])]
  var testDescription: String { kind }

  static let all: [LlamaGolden] = ((try? FileSystem.list(Fixtures.path("expected", "llama-tokenizers"))) ?? []).sorted()
    .map { file in
      let json = try? Fixtures.json("expected", "llama-tokenizers", file)
      return LlamaGolden(
        kind: json?["kind"]?.string ?? "", checkpoint: json?["checkpoint"]?.string ?? "", rows: rows(json?["rows"]))
    }

  static func rows(_ json: JSON?) -> [(ids: [Int], framed: [Int])] {
    (json?.array ?? []).map { row in
      let lists = (row.array ?? []).map { ($0.array ?? []).compactMap(\.integer) }
      return (lists.first ?? [], lists.last ?? [])
    }
  }
}

/// A GGUF is encoded as llama.cpp encodes it, not as transformers encodes the folder it comes from.
@Suite("The encoding of GGUFs")
struct LlamaCppEncodingTests {
  @Test("has golden ids")
  func goldensExist() {
    #expect(LlamaGolden.all.count == 30)
    #expect(LlamaGolden.all.allSatisfy { $0.rows.count == KindEncodingTests.Golden.texts.count })
  }

  @Test("gives the ids of llama.cpp from the metadata of a GGUF", arguments: LlamaGolden.all)
  func idsEqualLlamaCpp(golden: LlamaGolden) throws {
    let folder = TemporaryFolder()
    let fixture = try ArchitectureFixture.named(golden.checkpoint)
    let files = try TokenizerFiles(LocalFolder(fixture.stage(in: folder)))
    let model = try #require(files.model)
    let rules = try BundledRules.matching(
      class: model["architectures"]?.array?.first?.string, modelType: model["model_type"]?.string)
    let read = try Vocabulary.read(files, rules: rules, vocabularySize: model["vocab_size"]?.integer)
    let tokenizer = try Tokenizer(Vocabulary(read.vocabulary.metadata()))
    for (text, row) in zip(KindEncodingTests.Golden.texts, golden.rows) {
      #expect(tokenizer.encode(text, specialTokens: .omit) == row.ids, "\(text)")
      #expect(tokenizer.encode(text) == row.framed, "\(text)")
    }
  }

  @Test("keeps the space that a text begins with", arguments: ["llama-gqa", "yi"])
  func leadingSpaces(name: String) throws {
    let file = Fixtures.path("expected", name, "\(name)-q8_0.gguf")
    let tokenizer = try Tokenizer(Vocabulary(#require(Checkpoint.open(file).ggufMetadata)))
    let rows = LlamaGolden.rows(try Fixtures.json("expected", name, "llama-encodings.json"))
    for (entry, row) in zip(try Encodings(name).entries, rows) {
      #expect(tokenizer.encode(entry.text, specialTokens: .omit) == row.ids, "\(entry.text)")
    }
  }

  @Test("gives the ids of SentencePiece for a SentencePiece model alone")
  func sentencePieceModel() throws {
    var files = TokenizerFiles()
    files.sentencePiece = try LocalFile(Fixtures.path("llama-gqa", "tokenizer.model")).wholeContent(limit: 1 << 20)
    let tokenizer = try Tokenizer(Vocabulary.read(files, vocabularySize: 500).vocabulary)
    #expect(tokenizer.vocabulary.reader == .sentencePiece)
    let entries = try Fixtures.json("expected", "llama-gqa", "encodings.json").array ?? []
    var count = 0
    for entry in entries {
      let text = entry["text"]?.string ?? ""
      // SentencePiece itself finds no special token in a text.
      let ids = tokenizer.encode(text, specialTokens: .omit, matching: .plainText)
      #expect(ids == (entry["sentencePieceIds"]?.array ?? []).compactMap(\.integer), "\(text)")
      count += 1
    }
    #expect(count > 40)
  }

  @Test("drops white space after special tokens of models with certain names")
  func strippedWhiteSpace() throws {
    func ids(_ name: String) throws -> [Int] {
      var metadata = Metadata()
      metadata["general.name"] = .string(ByteString(name))
      metadata["tokenizer.ggml.model"] = .string("llama")
      metadata["tokenizer.ggml.tokens"] = .array(.string(["<unk>", "<s>", "<|end|>", "▁", "a"]))
      metadata["tokenizer.ggml.token_type"] = .array(.int32([2, 3, 3, 1, 1]))
      metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
      return try Tokenizer(Vocabulary(metadata)).encode("<|end|> \na<s> a", specialTokens: .omit)
    }
    #expect(try ids("Phi-3 mini") == [2, 4, 1, 3, 4])
    #expect(try ids("Other") == [2, 3, 0, 4, 1, 3, 4])
  }

  @Test("cuts out the longest special token first")
  func longestToken() throws {
    var metadata = Metadata()
    metadata["tokenizer.ggml.model"] = .string("llama")
    metadata["tokenizer.ggml.tokens"] = .array(.string(["<unk>", "<a>", "a><b><c", "b", ">", "<", "c", "▁"]))
    metadata["tokenizer.ggml.token_type"] = .array(.int32([2, 3, 4, 1, 1, 1, 1, 1]))
    metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    let tokenizer = try Tokenizer(Vocabulary(metadata))
    // From left to right `<a>` would be first.
    #expect(tokenizer.encode("<a><b><c>", specialTokens: .omit) == [5, 2, 4])
    // User-defined tokens are matched even where special tokens are plain text.
    #expect(tokenizer.encode("<a><b><c>", specialTokens: .omit, matching: .plainText) == [5, 2, 4])
  }
}

/// The tokens that llama.cpp puts around a text, where keys are missing.
@Suite("The template of a GGUF")
struct LlamaCppTemplateTests {
  private func template(_ model: String, _ pairs: [String: MetadataValue] = [:]) throws -> SpecialTokenTemplate {
    var metadata = Metadata()
    metadata["tokenizer.ggml.model"] = .string(ByteString(model))
    metadata["tokenizer.ggml.tokens"] = .array(.string(PackedStrings((0..<110).map { "t\($0)" })))
    metadata["tokenizer.ggml.merges"] = .array(.string(["t 1"]))
    for (key, value) in pairs { metadata["tokenizer.ggml.\(key)"] = value }
    return try Vocabulary(metadata).effectiveTemplate
  }

  @Test("has llama.cpp's defaults for missing keys")
  func defaults() throws {
    #expect(try template("llama") == SpecialTokenTemplate(prefix: [1]))
    #expect(try template("llama", ["bos_token_id": .uint32(5)]) == SpecialTokenTemplate(prefix: [5]))
    #expect(try template("llama", ["add_bos_token": .bool(false), "add_eos_token": .bool(true)]).suffix == [2])
    #expect(try template("gpt2") == SpecialTokenTemplate())
    #expect(try template("gpt2", ["pre": .string("llama-bpe")]) == SpecialTokenTemplate(prefix: [11]))
    #expect(try template("gpt2", ["pre": .string("glm4")]) == SpecialTokenTemplate())
    #expect(try template("t5") == SpecialTokenTemplate(suffix: [1]))
    #expect(
      try template("bert", ["add_bos_token": .bool(false)]) == SpecialTokenTemplate(prefix: [101], suffix: [102]))
  }
}

import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// Encoding and decoding by the tokenizers that architectures share, against transformers' `AutoTokenizer`.
@Suite("Encoding with each kind of tokenizer")
struct KindEncodingTests {
  /// What transformers makes of the texts with one tokenizer.
  struct Golden: CustomTestStringConvertible {
    let kind: String
    let modelType: String
    let rows: [JSON]
    var testDescription: String { kind }

    static let all: [Golden] = ((try? FileSystem.list(Fixtures.path("expected", "tokenizers"))) ?? []).sorted()
      .filter { $0 != "texts.json" }.map { file in
        let json = try? Fixtures.json("expected", "tokenizers", file)
        return Golden(
          kind: json?["kind"]?.string ?? "", modelType: json?["modelType"]?.string ?? "",
          rows: json?["rows"]?.array ?? [])
      }

    static let texts: [String] =
      ((try? Fixtures.json("expected", "tokenizers", "texts.json"))?.array ?? []).compactMap(\.string)

    /// The files of the tokenizer, as if they belonged to a model with the largest vocabulary that it needs.
    func vocabulary() throws -> Vocabulary {
      var files = try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", kind)))
      files.model = .members(["model_type": .string(modelType)])
      if kind == "t5" {
        files.tokenizer = nil
        files.model = .members(["model_type": .string(modelType), "eos_token_id": .integer(1)])
      }
      return try Vocabulary.read(files, rules: BundledRules.matching(modelType: modelType), vocabularySize: 640)
        .vocabulary
    }
  }

  @Test("has golden texts")
  func goldenCount() {
    #expect(Golden.all.count > 20)
    #expect(Golden.texts.count > 50)
    #expect(Golden.all.allSatisfy { $0.rows.count == Golden.texts.count })
  }

  /// - Parameter isFromMetadata: whether T5's sentinels, fewer here than a published T5 has, are out of reach.
  private func expect(_ vocabulary: Vocabulary, gives golden: Golden, isFromMetadata: Bool = false) throws {
    let tokenizer = try Tokenizer(vocabulary)
    // Where a folder adds the space before every segment, a GGUF adds it before the first, unless that begins with one.
    let hasOtherPrefix = isFromMetadata && ["baichuan-saved", "mistral-saved"].contains(golden.kind)
    for (text, row) in zip(Golden.texts, golden.rows) {
      if hasOtherPrefix,
        text.hasPrefix(" ") || text.hasPrefix("\u{2581}")
          || vocabulary.addedTokens.contains(where: { text.contains($0.text) })
      {
        continue
      }
      if golden.kind.contains("t5"), isFromMetadata, text.contains("<extra_id_") { continue }
      let parts = row.array ?? []
      let ids = (parts[0].array ?? []).compactMap(\.integer)
      #expect(tokenizer.encode(text, specialTokens: .omit) == ids, "\(text)")
      // A GGUF has one token before a text, GLM 4 two.
      if !isFromMetadata || golden.kind != "glm-tiktoken" {
        #expect(tokenizer.encode(text) == (parts[1].array ?? []).compactMap(\.integer), "\(text)")
      }
      #expect(Array(tokenizer.decode(ids).utf8) == Array((parts[2].string ?? "").utf8), "\(text)")
    }
  }

  @Test("gives the ids and texts of AutoTokenizer from a folder", arguments: Golden.all)
  func fromFolder(golden: Golden) throws {
    try expect(golden.vocabulary(), gives: golden)
  }

  @Test("gives the texts of AutoTokenizer from the metadata of a GGUF", arguments: Golden.all)
  func textsFromMetadata(golden: Golden) throws {
    // The ids are llama.cpp's: see LlamaCppEncodingTests.
    let tokenizer = try Tokenizer(Vocabulary(golden.vocabulary().metadata()))
    for (text, row) in zip(Golden.texts, golden.rows) {
      if golden.kind.contains("t5"), text.contains("<extra_id_") { continue }
      let parts = row.array ?? []
      let ids = (parts[0].array ?? []).compactMap(\.integer)
      #expect(Array(tokenizer.decode(ids).utf8) == Array((parts[2].string ?? "").utf8), "\(text)")
    }
  }

  @Test("gives the ids and texts of AutoTokenizer from the files made of a GGUF", arguments: Golden.all)
  func fromRewrittenFiles(golden: Golden) throws {
    let vocabulary = try Vocabulary(golden.vocabulary().metadata())
    let folder = TemporaryFolder()
    for file in try vocabulary.huggingFaceFiles(modelType: golden.modelType) {
      try folder.write(file.bytes, to: file.name)
    }
    let read = try Vocabulary.read(
      TokenizerFiles(LocalFolder(folder.path)), rules: BundledRules.matching(modelType: golden.modelType),
      vocabularySize: vocabulary.count)
    try expect(read.vocabulary, gives: golden, isFromMetadata: true)
  }
}

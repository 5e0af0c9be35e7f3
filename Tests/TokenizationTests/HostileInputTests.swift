import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// Broken input gives an error or a vocabulary that can be used, and never ends the process.
@Suite("Reading")
struct HostileInputTests {
  private func model() throws -> [UInt8] {
    try LocalFile(Fixtures.path("llama-gqa", "tokenizer.model")).wholeContent(limit: 1 << 20)
  }

  @Test("of a truncated SentencePiece model is refused or short")
  func truncation() throws {
    let bytes = try model()
    for count in stride(from: 0, to: bytes.count, by: 3) {
      guard let model = try? SentencePieceModel(Array(bytes.prefix(count))) else { continue }
      #expect(model.pieces.count <= 500)
    }
  }

  @Test("of a SentencePiece model with flipped bytes never traps")
  func flippedBytes() throws {
    let bytes = try model()
    var random = SeededGenerator(seed: 7)
    for _ in 0..<3000 {
      var mutated = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var files = TokenizerFiles()
      files.sentencePiece = mutated
      guard let read = try? Vocabulary.read(files, vocabularySize: 512) else { continue }
      #expect(read.vocabulary.count == 512)
    }
  }

  static let brokenModels: [(bytes: [UInt8], message: String)] = [
    ([], "SentencePiece model at byte 0: contains no pieces"),
    ([0x0A], "SentencePiece model at byte 1: ends inside a number"),
    ([0x0A, 0x05, 0x0A], "SentencePiece model at byte 2: a field of 5 bytes exceeds the 1 that remain"),
    ([0x0A, 0x00], "SentencePiece model at byte 2: a piece is empty"),
    ([0x0A, 0x03, 0x0A, 0x01, 0xFF], "SentencePiece model at byte 5: a piece is not UTF-8"),
    ([0x0A, 0x05, 0x0A, 0x01, 0x61, 0x18, 0x09], "SentencePiece model at byte 7: a piece has type 9, expected 1 to 6"),
    ([0x0B], "SentencePiece model at byte 1: wire type 3 is not supported"),
    ([UInt8](repeating: 0xFF, count: 11), "SentencePiece model at byte 10: a number has more than ten bytes"),
  ]

  @Test("refuses a broken SentencePiece model", arguments: brokenModels)
  func brokenModel(bytes: [UInt8], message: String) {
    #expect { try SentencePieceModel(bytes) } throws: { "\($0)" == message }
  }

  static let brokenMetadata: [(pairs: [(String, MetadataValue)], message: String)] = [
    ([], #"metadata key "tokenizer.ggml.model": missing, expected in every vocabulary"#),
    (
      [("tokenizer.ggml.model", .string("rwkv"))],
      #"metadata: a tokenizer of model "rwkv" is not supported, expected "llama", "gemma4", "gpt2", "bert" or "t5""#
    ),
    (
      [("tokenizer.ggml.model", .string("gpt2"))],
      #"metadata key "tokenizer.ggml.tokens": missing, expected in every vocabulary"#
    ),
    (
      [("tokenizer.ggml.model", .string("llama")), ("tokenizer.ggml.tokens", .uint32(3))],
      #"metadata key "tokenizer.ggml.tokens": expected an array of strings"#
    ),
    (
      [
        ("tokenizer.ggml.model", .string("llama")), ("tokenizer.ggml.tokens", .array(.string(["a", "b"]))),
        ("tokenizer.ggml.scores", .array(.float32([1]))),
      ],
      #"metadata key "tokenizer.ggml.scores": has 1 element but the vocabulary has 2 tokens"#
    ),
    (
      [
        ("tokenizer.ggml.model", .string("llama")), ("tokenizer.ggml.tokens", .array(.string(["a"]))),
        ("tokenizer.ggml.token_type", .array(.int32([1, 1]))),
      ],
      #"metadata key "tokenizer.ggml.token_type": has 2 elements but the vocabulary has 1 token"#
    ),
    (
      [
        ("tokenizer.ggml.model", .string("llama")), ("tokenizer.ggml.tokens", .array(.string(["a"]))),
        ("tokenizer.ggml.token_type", .array(.int32([9]))),
      ],
      #"metadata key "tokenizer.ggml.token_type": token 0 has type 9, expected 0 to 6"#
    ),
  ]

  @Test("refuses broken metadata", arguments: brokenMetadata.indices)
  func metadataRefusal(index: Int) {
    let (pairs, message) = Self.brokenMetadata[index]
    var metadata = Metadata()
    for (key, value) in pairs { metadata[key] = value }
    #expect { try Vocabulary(metadata) } throws: { "\($0)" == message }
  }

  @Test("of strange metadata never traps")
  func metadata() throws {
    let expected = try ExpectedMetadata.tokenizer(Fixtures.path("expected", "yi", "metadata.json"))
    var random = SeededGenerator(seed: 11)
    let values: [MetadataValue] = [
      .uint32(.max), .int32(-1), .bool(true), .string(ByteString([0xFF, 0x00])), .array(.string(["", " ", "a"])),
      .array(.int32([])), .array(.float32([.nan, .infinity])), .uint64(.max), .float32(.nan), .string("gpt2"),
    ]
    for _ in 0..<400 {
      var metadata = Metadata()
      for (key, value) in expected { metadata[key] = value }
      for _ in 0..<2 {
        let key = expected[Int.random(in: 0..<expected.count, using: &random)].key
        metadata[key] = values[Int.random(in: 0..<values.count, using: &random)]
      }
      guard let vocabulary = try? Vocabulary(metadata) else { continue }
      _ = vocabulary.metadata()
      _ = try? vocabulary.huggingFaceFiles()
      guard let tokenizer = try? Tokenizer(vocabulary) else { continue }
      _ = tokenizer.decode(tokenizer.encode("Hello <|im_start|> 文\n") + [-1, 1 << 40])
    }
  }

  @Test(
    "refuses more rows than the tokens of the files account for",
    arguments: ["t5", "qwen2", "bert", "llama", "tiktoken"])
  func statedRows(kind: String) throws {
    var files = try TokenizerFiles(LocalFolder(Fixtures.path("tokenizers", kind)))
    files.model = .members(["vocab_size": .integer(262_145)])
    let expected = "at most 262,144 for the tokens of these files, found 262,145"
    let message = failure { try Vocabulary.read(files) }
    #expect(message == "config.json: member \"vocab_size\": expected \(expected)")
  }

  @Test("believes padding beyond the tokens of a large vocabulary")
  func rowLimit() {
    var files = TokenizerFiles()
    files.vocabularyLines = [UInt8](repeating: 0x0A, count: 1 << 18)
    #expect(files.rowLimit == 1 << 19)
  }

  @Test("of strange tokenizer files never traps")
  func tokenizerFiles() throws {
    var random = SeededGenerator(seed: 13)
    for name in ["llama3-tied", "yi", "aquila", "mistral"] {
      let files = try TokenizerFiles(LocalFolder(Fixtures.path(name)))
      for _ in 0..<60 {
        var mutated = files
        mutated.tokenizer = mutated.tokenizer?.mutated(using: &random)
        mutated.configuration = mutated.configuration?.mutated(using: &random)
        guard let read = try? Vocabulary.read(mutated) else { continue }
        _ = try? Tokenizer(read.vocabulary).encode("It's <s> 文 12\n")
      }
    }
  }
}

extension JSON {
  /// The value with one member or element exchanged for something else, at random.
  fileprivate func mutated(using random: inout SeededGenerator) -> JSON {
    let others: [JSON] = [.null, .integer(-1), .string(""), .array([]), .members([:]), .bool(true), .integer(1 << 50)]
    switch self {
    case .object(var members) where !members.isEmpty && Int.random(in: 0..<4, using: &random) > 0:
      let index = Int.random(in: 0..<members.count, using: &random)
      members.values[index] = members.values[index].mutated(using: &random)
      return .object(members)
    case .array(var elements) where !elements.isEmpty && Int.random(in: 0..<4, using: &random) > 0:
      let index = Int.random(in: 0..<elements.count, using: &random)
      elements[index] = elements[index].mutated(using: &random)
      return .array(elements)
    default: return others[Int.random(in: 0..<others.count, using: &random)]
    }
  }
}

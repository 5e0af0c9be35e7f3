import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A file of llama.cpp before GGUF")
struct LegacyGGMLReadingTests {
  private func open(_ bytes: [UInt8], _ more: [String: [UInt8]] = [:], name: String = "m.bin") throws -> Checkpoint {
    let tree = MemoryTree(path: "folder", ["m.bin": bytes].merging(more) { $1 })
    return try Checkpoint.open(InputLocation(folder: tree, file: tree.open(name)))
  }

  @Test("has header, vocabulary and tensors", arguments: ["ggml-q4_0", "ggjt1-q4_0", "ggjt2-q5_1", "ggjt3-q4_0"])
  func model(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("legacy-ggml", "models", "\(name).bin"))
    #expect(checkpoint.container == .legacyGGML)
    let header = try #require(checkpoint.legacyGGMLHeader)
    #expect(header["n_vocab"] == 340 && header["n_embd"] == 64 && header["n_head"] == 4 && header["n_layer"] == 1)
    #expect(checkpoint.tensors.count == 12)
    #expect(checkpoint.tensor("layers.0.feed_forward.w1.weight")?.shape == [128, 64])
    let tokenizer = try #require(checkpoint.tokenizerMetadata)
    let tokens = try #require(tokenizer["tokenizer.ggml.tokens"]?.strings)
    #expect(tokens.count == 340)
    #expect((0...4).map(tokens.text) == ["<unk>", "<s>", "</s>", "<0x00>", "<0x01>"])
    #expect(tokens.text(258) == "<0xFF>")
    #expect(tokens.contains { $0.starts(with: [0xE2, 0x96, 0x81]) })
    let types = try #require(tokenizer["tokenizer.ggml.token_type"]?.array?.integers)
    #expect(Array(types.prefix(4)) == [2, 3, 3, 6] && types[258] == 6 && types[259] == 1)
    guard case .array(.float32(let scores))? = tokenizer["tokenizer.ggml.scores"] else {
      Issue.record("no scores")
      return
    }
    #expect(scores[259] == 0 && scores[262] == -3 && scores[339] == -80)
    #expect(checkpoint.remarks.isEmpty == (name != "ggml-q4_0"))
  }

  @Test("with matrices in several parts is opened by any of them")
  func parts() throws {
    let names = ["ggmf-q4_1.bin", "ggmf-q4_1.bin.1"]
    let checkpoints = try names.map { try Checkpoint.open(Fixtures.path("legacy-ggml", "models", $0)) }
    for checkpoint in checkpoints {
      #expect(checkpoint.files.map(\.name) == names)
      #expect(checkpoint.tensor("tok_embeddings.weight")?.shape == [340, 64])
      #expect(checkpoint.tensor("layers.0.feed_forward.w2.weight")?.shape == [64, 128])
      #expect(checkpoint.tensor("output.weight")?.shape == [340, 64])
      #expect(checkpoint.tensor("norm.weight")?.fileIndex == 0)
      #expect(checkpoint.unused.map(\.tensor.name.text).contains("norm.weight"))
      #expect(checkpoint.remarks == ["the model is in 2 parts, whose matrices are joined"])
      #expect(checkpoint.stored.count == 24)
    }
  }

  @Test("reads no tensor's data where its revision says how blocks are stored")
  func noData() throws {
    let tree = MemoryTree(path: "folder", ["m.bin": LegacyGGMLBytes(tensors: [.init("norm.weight", [1 << 18])]).bytes])
    let file = try tree.open("m.bin")
    _ = try Checkpoint.open(InputLocation(folder: tree, file: file))
    let read = try #require(tree.file("m.bin")?.readRanges)
    // The header is read through a window, which may reach into the data.
    #expect(read.filter { $0.lowerBound > 1 << 18 }.isEmpty)
  }

  @Test("keeps tokens that are bytes, spaces and added ones apart")
  func tokens() throws {
    var file = LegacyGGMLBytes()
    file.tokens += [[0], [0x41], Array(" a b".utf8), [], Array("[PAD] x".utf8)]
    file.scores = [0, 0, 0, 0, 0, -1, 0, -1000]
    file.header[0] = 8
    file.tensors[0] = .init("tok_embeddings.weight", [4, 8])
    let metadata = try #require(try open(file.bytes).tokenizerMetadata)
    let tokens = try #require(metadata["tokenizer.ggml.tokens"]?.strings)
    #expect(tokens.indices.map(tokens.text) == ["<unk>", "<s>", "</s>", "<0x00>", "A", "▁a▁b", "", "[PAD] x"])
    #expect(metadata["tokenizer.ggml.token_type"]?.array?.integers == [2, 3, 3, 6, 1, 1, 3, 4])
  }

  @Test("of GPT4All, whose header counts a token that is not there, gets that one")
  func missingToken() throws {
    var file = LegacyGGMLBytes(magic: "ggml", version: nil, scores: nil)
    file.header[0] = 4
    file.tensors[0] = .init("tok_embeddings.weight", [4, 4])
    let checkpoint = try open(file.bytes)
    let tokens = try #require(checkpoint.tokenizerMetadata?["tokenizer.ggml.tokens"]?.strings)
    #expect(tokens.indices.map(tokens.text) == ["<unk>", "<s>", "</s>", "<pad>"])
    #expect(checkpoint.remarks.contains { $0.contains("4 tokens and one is missing") })
  }

  @Test("has no tokenizer if its vocabulary is of another kind")
  func otherVocabulary() throws {
    var file = LegacyGGMLBytes()
    file.tokens = [Array("!".utf8), Array("a".utf8), Array("b".utf8)]
    let checkpoint = try open(file.bytes)
    #expect(checkpoint.tokenizerMetadata == nil)
    #expect(checkpoint.remarks.count == 1)
  }

  /// The words of other programs' headers, and what is between them and the tokens.
  private static let programs: [(name: String, LegacyGGMLBytes)] = {
    func file(
      _ header: [UInt32], _ first: String, before: [UInt8] = [], scores: [Float]? = nil, magic: String = "ggml",
      version: UInt32? = nil, tokens: [[UInt8]]? = nil
    ) -> LegacyGGMLBytes {
      var file = LegacyGGMLBytes(magic: magic, version: version, scores: scores)
      file.header = header
      file.beforeTokens = before
      if let tokens { file.tokens = tokens }
      file.tensors = [.init(first, [4, 3], type: 1), .init("x", [2])]
      return file
    }
    let count = LegacyGGMLBytes.word(3), none: [[UInt8]] = []
    let filters = LegacyGGMLBytes.word(2) + LegacyGGMLBytes.word(3) + [UInt8](repeating: 7, count: 24)
    return [
      ("GPT-2 or StarCoder", file([3, 8, 4, 2, 1, 1], "model/wte", before: count)),
      ("GPT-J", file([3, 8, 4, 2, 1, 2, 1], "transformer.wte.weight", before: count)),
      ("GPT-NeoX", file([3, 8, 4, 2, 1, 2, 1, 1], "gpt_neox.embed_in.weight")),
      ("MPT", file([4, 8, 2, 1, 3, 0x4100_0000, 0, 1], "transformer.wte.weight")),
      ("Replit", file([4, 8, 2, 1, 3, 1], "transformer.wte.weight", scores: [0, -1, -2])),
      ("Falcon", file([3, 4, 2, 1, 1], "transformer.word_embeddings.weight")),
      ("BLOOM", file([3, 4, 32, 2, 1, 1], "tok_embeddings.weight")),
      ("BERT", file([3, 8, 4, 8, 2, 1, 1], "embeddings.word_embeddings.weight")),
      (
        "Whisper", file([3, 8, 4, 2, 1, 8, 4, 2, 1, 80, 1], "encoder.positional_embedding", before: filters + count)
      ),
      ("RWKV", file([3, 4, 1, 1], "emb.weight", magic: "ggmf", version: 101, tokens: none)),
      ("SAM", file([4, 1, 2, 4, 4, 1], "image_encoder.pos_embed", tokens: none)),
    ]
  }()

  @Test("of another program is told apart by its header, and its tensors are listed", arguments: programs.map(\.name))
  func otherPrograms(name: String) throws {
    let file = try #require(Self.programs.first { $0.name == name }?.1)
    let checkpoint = try open(file.bytes)
    #expect(checkpoint.otherGGMLProgram == name)
    #expect(checkpoint.containerFacts["program"] == name)
    #expect(checkpoint.tensors.map(\.shape) == [[3, 4], [2]])
    #expect(checkpoint.tensors.map(\.format) == [.f16, .f32])
    #expect(checkpoint.tokenizerMetadata == nil)
  }

  @Test("of another program has the blocks that its ftype says")
  func otherProgramsBlocks() throws {
    for (ftype, type, byteCount, words) in [
      (2002, 2, 18, "Q4_0"), (1002, 2, 20, "Q4_0 of 2023 (F32 scales, codes 16 apart)"),
      (2, 2, 20, "Q4_0 of 2023 (F32 scales, adjacent codes in a byte)"), (2, 2, 18, "Q4_0"),
    ] as [(UInt32, UInt32, Int, String)] {
      var file = try #require(Self.programs.first?.1)
      file.header[5] = ftype
      file.tensors = [.init("model/wte", [32, 1], type: type, byteCount: byteCount), .init("model/x", [3])]
      #expect(try open(file.bytes).tensors[0].encoding == words)
    }
  }
}

import Architectures
import Bytes
import Conversion
import Formats
import Models
import Tensors
import TestSupport
import Testing

@Suite("A round trip")
struct RoundTripTests {
  @Test(
    "gives every tensor back byte for byte", arguments: ["llama-gqa", "llama3-tied", "aquila", "mistral", "llama-bias"])
  func folderToGGUFAndBack(name: String) throws {
    let folder = TemporaryFolder()
    let source = try Fixtures.checkpoint(name, in: folder)
    try convert(source, to: folder.file("model.gguf"))
    try convert(folder.file("model.gguf"), to: folder.file("back"))
    #expect(try tensorBytes(folder.file("back")) == tensorBytes(source))
    let original = try Model.open(source, library: try .bundled()).hyperparameters
    let back = try Model.open(folder.file("back"), library: try .bundled()).hyperparameters
    #expect(back.values.filter { $0.key != "sliding_window" } == original.values.filter { $0.key != "sliding_window" })
    #expect(back.rotaryScaling == original.rotaryScaling)
  }

  @Test("restores vectors with more bits than the matrices")
  func wideVectors() throws {
    let folder = TemporaryFolder()
    // Matrices in BF16 beside norms and biases in F32, with values that BF16 does not have.
    try convert(Fixtures.path("llama-bias"), to: folder.file("mixed")) {
      $0.type = .format(.bf16)
      $0.typeOverrides = [.init(pattern: "norm", format: .f32), .init(pattern: "bias", format: .f32)]
    }
    let path = folder.file("mixed/model.safetensors")
    var bytes = try LocalFile(path).wholeContent(limit: 1 << 20)
    for tensor in try Checkpoint.open(path).tensors where tensor.format == .f32 {
      for element in 0..<tensor.shape.elementCount { bytes[tensor.fileOffset + 4 * element] |= 1 }
    }
    try folder.write(bytes, to: "mixed/model.safetensors")
    let mixed = try tensorBytes(folder.file("mixed"))
    try convert(folder.file("mixed"), to: folder.file("mixed.gguf"))
    try convert(folder.file("mixed.gguf"), to: folder.file("back"))
    #expect(try tensorBytes(folder.file("back")) == mixed)
  }

  /// In a GGUF the rows of queries and keys are interleaved, and their biases with them.
  @Test("biases are read from a GGUF in the order of their heads in the folder")
  func biases() throws {
    let folder = TemporaryFolder()
    try convert(Fixtures.path("llama-bias"), to: folder.file("model.gguf")) { $0.type = .format(.f32) }
    let stored = try tensorBytes(folder.file("model.gguf")), source = try tensorBytes(Fixtures.path("llama-bias"))
    let original = try ModelWeights(Model.open(Fixtures.path("llama-bias"), library: .bundled()))
    let gguf = try ModelWeights(Model.open(folder.file("model.gguf"), library: .bundled()))
    for (role, name) in [(TensorRole.attentionQuery.bias, "q"), (.attentionKey.bias, "k"), (.attentionValue.bias, "v")]
    {
      let isSame =
        stored[TensorName("blk.1.attn_\(name).bias")]
        == source[TensorName("model.layers.1.self_attn.\(name)_proj.bias")]
      #expect(isSame == (name == "v"), "\(name)")
      var expected: [Float] = [], found: [Float] = []
      try original.readRows(role, layer: 1, rows: 0..<1, into: &expected)
      try gguf.readRows(role, layer: 1, rows: 0..<1, into: &found)
      #expect(found == expected && Set(found).count > 1, "\(name)")
    }
  }

  /// Both are `olmo2` in a GGUF; only OLMo 3's states a window.
  @Test("gives a folder made of a GGUF the class of its keys", arguments: ["olmo2", "olmo3"])
  func classesOfOneArchitecture(name: String) throws {
    let folder = TemporaryFolder()
    let fixture = try ArchitectureFixture.named(name)
    let source = try fixture.stage(in: folder)
    try convert(source, to: folder.file("model.gguf"))
    try convert(folder.file("model.gguf"), to: folder.file("back"))
    #expect(try Checkpoint.open(folder.file("model.gguf")).metadata["general.architecture"]?.text == "olmo2")
    let configuration = try JSON(parsing: LocalFile(folder.file("back/config.json")).wholeContent(limit: 1 << 20))
    #expect(configuration["model_type"] == .string(name))
    let back = try Model.open(folder.file("back"), library: try .bundled()).hyperparameters
    #expect(try back.values == Model.open(source, library: try .bundled()).hyperparameters.values)
  }

  @Test("makes a folder of the text part of a model with images")
  func textPart() throws {
    let folder = TemporaryFolder()
    let source = try ArchitectureFixture.named("gemma3-nested").stage(in: folder)
    try convert(source, to: folder.file("text")) { $0.naming = "hf" }
    let plain = TemporaryFolder()
    #expect(try tensorBytes(folder.file("text")) == tensorBytes(ArchitectureFixture.named("gemma3").stage(in: plain)))
    let configuration = try JSON(parsing: LocalFile(folder.file("text/config.json")).wholeContent(limit: 1 << 20))
    #expect(configuration["architectures"] == .array([.string("Gemma3ForCausalLM")]))
    #expect(configuration["model_type"] == .string("gemma3_text"))
    #expect(configuration["hidden_size"]?.integer == 32)
    #expect(configuration["text_config"] == nil && configuration["vision_config"] == nil)
    // Only a model that has the others too can be written under the names of one inside them.
    #expect {
      try convert(folder.file("text"), to: folder.file("whole")) { $0.naming = "nested" }
    } throws: {
      "\($0)" == "naming scheme \"nested\" is unknown for this architecture (known: hf, gguf)"
    }
  }

  @Test("drops padding rows")
  func paddingRows() throws {
    let folder = TemporaryFolder()
    let source = try ArchitectureFixture.named("gemma3").stage(in: folder)
    for file in ["model.safetensors", "config.json"] {
      let bytes = try LocalFile(Path.join(source, file)).wholeContent(limit: 1 << 20)
      let text = String(decoding: bytes, as: UTF8.self)
      try FileSystem.createFolder(folder.file("model"))
      try folder.write(
        file == "config.json" ? Array(text.replacing("\"vocab_size\": 384", with: "\"vocab_size\": 380").utf8) : bytes,
        to: "model/\(file)")
    }
    try convert(folder.file("model"), to: folder.file("model.gguf"))
    try convert(source, to: folder.file("whole.gguf"))
    let name: TensorName = "token_embd.weight"
    let own = try #require(try tensorBytes(folder.file("model.gguf"))[name])
    let whole = try #require(try tensorBytes(folder.file("whole.gguf"))[name])
    #expect(own.count == whole.count / 384 * 380)
    #expect(whole.starts(with: own))
    let padding = try Model.open(folder.file("model"), library: try .bundled()).padding
    #expect(
      padding.map(\.description) == ["dropped 4 padding rows of \"model.embed_tokens.weight\": no token uses them"])
  }

  @Test("gives equal bytes under the names of Yi and LLaMA")
  func yiNames() throws {
    let folder = TemporaryFolder()
    try convert(Fixtures.path("yi"), to: folder.file("llama")) { $0.naming = "hf" }
    let renamed = try tensorBytes(folder.file("llama"))
    let original = try tensorBytes(Fixtures.path("yi"))
    #expect(renamed.count == original.count)
    for (name, bytes) in original {
      let newName = name.text.replacing(".ln1.", with: ".input_layernorm.")
        .replacing(".ln2.", with: ".post_attention_layernorm.")
      #expect(renamed[TensorName(newName)] == bytes)
    }
    let configuration = try JSON(parsing: LocalFile(folder.file("llama/config.json")).wholeContent(limit: 1 << 20))
    #expect(configuration["architectures"] == .array([.string("LlamaForCausalLM")]))
    #expect(configuration["model_type"] == .string("llama"))

    try convert(folder.file("llama"), to: folder.file("yi")) { $0.naming = "yi" }
    #expect(try tensorBytes(folder.file("yi")) == original)
  }

  @Test("gives equal GGUFs from the names of Meta and Hugging Face")
  func metaNames() throws {
    let folder = TemporaryFolder()
    for (source, output) in [("llama-gqa", "hf.gguf"), ("meta", "meta.gguf")] {
      try convert(Fixtures.path(source), to: folder.file(output)) { $0.type = .format(.bf16) }
    }
    #expect(try tensorBytes(folder.file("hf.gguf")) == tensorBytes(folder.file("meta.gguf")))
    try convert(Fixtures.path("meta"), to: folder.file("hf.safetensors")) { $0.naming = "hf" }
    try convert(Fixtures.path("llama-gqa"), to: folder.file("meta")) { $0.naming = "meta" }
    #expect(try tensorBytes(folder.file("meta")) == tensorBytes(Fixtures.path("meta")))
    #expect(FileSystem.kind(of: folder.file("meta/params.json")) == .regular)
    try convert(Fixtures.path("meta"), to: folder.file("meta-again")) { $0.naming = "meta" }
    let again = try Model.open(folder.file("meta-again"), library: ArchitectureLibrary.bundled())
    #expect(again.definition.name == "llama" && again.scheme.name == "meta")
    let written = try tensorBytes(Fixtures.path("llama-gqa"))
    let file = try LocalFile(folder.file("hf.safetensors"))
    #expect(file.byteCount > written.values.reduce(0) { $0 + $1.count })
  }

  @Test("gives equal tensors in any number of shards")
  func shards() throws {
    let folder = TemporaryFolder()
    try convert(Fixtures.path("llama-gqa"), to: folder.file("shards")) { $0.maximumShardByteCount = 100_000 }
    #expect(try tensorBytes(folder.file("shards")) == tensorBytes(Fixtures.path("llama-gqa")))
    #expect(try FileSystem.list(folder.file("shards")).filter { $0.hasSuffix(".safetensors") }.count > 3)
  }

  @Test("gives the same file for a GGUF without changes")
  func unchangedGGUF() throws {
    let folder = TemporaryFolder()
    let source = Fixtures.path("expected", "yi", "yi-q8_0.gguf")
    try convert(source, to: folder.file("copy.gguf"))
    #expect(
      try LocalFile(folder.file("copy.gguf")).wholeContent(limit: 1 << 20)
        == LocalFile(source).wholeContent(limit: 1 << 20))
  }
}

@Suite("A file without a configuration")
struct BareFileTests {
  let folder = TemporaryFolder()

  @Test("changes its names")
  func names() throws {
    let bytes = try LocalFile(Fixtures.path("yi", "model.safetensors")).wholeContent(limit: 1 << 20)
    let source = try folder.write(bytes, to: "bare.safetensors")
    try convert(source, to: folder.file("llama.safetensors")) { $0.naming = "hf" }
    let renamed = try tensorBytes(folder.file("llama.safetensors"))
    #expect(renamed["model.layers.0.input_layernorm.weight"] != nil)
    #expect(Set(renamed.values) == Set(try tensorBytes(source).values))
  }

  @Test("refuses to change its layouts")
  func layouts() throws {
    let bytes = try LocalFile(Fixtures.path("meta", "model.safetensors")).wholeContent(limit: 1 << 20)
    let source = try folder.write(bytes, to: "bare.safetensors")
    #expect { try convert(source, to: folder.file("hf.safetensors")) { $0.naming = "hf" } } throws: {
      "\($0)".hasPrefix(
        "\(source): tensor \"layers.0.attention.wk.weight\": layout needs the head count, "
          + "which is unknown (put config.json or params.json next to the file)")
    }
    #expect { try convert(source, to: folder.file("out.gguf")) } throws: {
      "\($0)".contains("a GGUF contains hyperparameters, but no file next to the input does")
    }
  }
}

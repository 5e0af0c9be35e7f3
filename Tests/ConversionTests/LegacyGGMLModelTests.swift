import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// Whole models that llama.cpp's programs of March to May 2023 wrote: fixtures/legacy-ggml/models.
@Suite("A model of llama.cpp before GGUF")
struct LegacyGGMLModelTests {
  static let names = ["ggml-q4_0.bin", "ggmf-q4_1.bin", "ggjt1-q4_0.bin", "ggjt2-q5_1.bin", "ggjt3-q4_0.bin"]

  private func path(_ name: String) -> String { Fixtures.path("legacy-ggml", "models", name) }

  @Test("has the hyperparameters of its header, and those that its tensors show", arguments: names)
  func hyperparameters(name: String) throws {
    let model = try Model.open(path(name), library: .bundled())
    #expect(model.definition.name == "llama" && model.scheme.name == "meta")
    #expect(model.problems.isEmpty)
    let wanted = [
      "layer_count": 1, "embedding_length": 64, "head_count": 4, "key_value_head_count": 4, "feed_forward_length": 128,
      "vocabulary_size": 340, "context_length": 2048,
    ]
    for (key, value) in wanted { #expect(model.hyperparameters.integer(key) == value, "\(key)") }
    #expect(model.hyperparameters.real("norm_epsilon") == 1e-6)
    #expect(model.origin(of: "head_count") == .member("n_head"))
    #expect(
      model.warnings == [
        "the header does not state everything: norm epsilon 1e-06, rotary base 10000.0, context length 2048 are assumed,"
          + " as in LLaMA 1 (a params.json next to the file can state them)"
      ])
  }

  @Test("of the last revision becomes the GGUF of llama.cpp's own script")
  func reference() throws {
    let folder = TemporaryFolder()
    try convert(path("ggjt3-q4_0.bin"), to: folder.file("m.gguf"))
    let model = try Model.open(folder.file("m.gguf"), library: .bundled())
    let bytes = try tensorBytes(folder.file("m.gguf"))
    let tensors = try #require(try Fixtures.json("legacy-ggml", "reference.json")["tensors"]?.object)
    #expect(Set(bytes.keys.map(\.text)) == Set(tensors.keys.map(\.text)))
    for (name, facts) in tensors {
      let tensor = try #require(model.checkpoint.tensor(TensorName(name.text)))
      #expect(tensor.format?.name == facts["type"]?.string)
      #expect(bytes[tensor.name]?.crc32 == facts["crc32"]?.integer, "\(name)")
    }
    for (key, value) in try #require(Fixtures.json("legacy-ggml", "reference.json")["pairs"]?.object) {
      let found = try #require(model.checkpoint.metadata[key.text], "\(key)")
      switch found {
      case .string(let text): #expect(text.text == value.string)
      case .array(.string(let texts)): #expect(texts.flatMap { Array($0) + [10] }.crc32 == value.integer)
      case .array(let array):
        var numbers: [Float] = array.integers?.map(Float.init) ?? []
        if case .float32(let floats) = array { numbers = floats }
        let stored = numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) }
        #expect(stored.crc32 == value.integer, "\(key)")
      default: #expect(found.integer == value.integer || found.real == value.real, "\(key)")
      }
    }
  }

  @Test("has the same values in a GGUF and in a folder", arguments: names)
  func values(name: String) throws {
    let folder = TemporaryFolder()
    try convert(path(name), to: folder.file("m.gguf")) { $0.type = .format(.f32) }
    try convert(folder.file("m.gguf"), to: folder.file("from-gguf"))
    try convert(path(name), to: folder.file("hf")) { $0.type = .format(.f32) }
    #expect(try tensorBytes(folder.file("hf")) == tensorBytes(folder.file("from-gguf")))
    let expected = try #require(
      try Fixtures.json("legacy-ggml", "expected.json")["models/\(name)"]?.object)
    let bytes = try tensorBytes(folder.file("hf"))
    let pairs = [
      "tok_embeddings.weight": "model.embed_tokens.weight", "norm.weight": "model.norm.weight",
      "output.weight": "lm_head.weight", "layers.0.attention.wv.weight": "model.layers.0.self_attn.v_proj.weight",
      "layers.0.attention.wo.weight": "model.layers.0.self_attn.o_proj.weight",
      "layers.0.feed_forward.w1.weight": "model.layers.0.mlp.gate_proj.weight",
      "layers.0.feed_forward.w2.weight": "model.layers.0.mlp.down_proj.weight",
      "layers.0.feed_forward.w3.weight": "model.layers.0.mlp.up_proj.weight",
    ]
    for (stored, canonical) in pairs {
      #expect(
        bytes[TensorName(canonical)]?.crc32 == expected[ExactString(stored)]?["crc32"]?.integer, "\(name): \(stored)")
    }
  }

  @Test("brings its tokenizer into a GGUF and a folder", arguments: names)
  func tokenizers(name: String) throws {
    let folder = TemporaryFolder()
    try convert(path(name), to: folder.file("m.gguf"))
    try convert(path(name), to: folder.file("hf")) { $0.type = .format(.f32) }
    let text = "The quick brown fox jumps."
    let own = try Model.open(path(name), library: .bundled()).tokenizer().encode(text)
    #expect(own.count > 4)
    for output in ["m.gguf", "hf"] {
      #expect(try Model.open(folder.file(output), library: .bundled()).tokenizer().encode(text) == own, "\(output)")
    }
  }

  @Test("keeps F32 for blocks that no format of today has, and blocks of today as they are")
  func formats() throws {
    let folder = TemporaryFolder()
    for (name, format) in [("ggjt3-q4_0.bin", StorageFormat.q4_0), ("ggjt2-q5_1.bin", .q5_1), ("ggmf-q4_1.bin", .f32)] {
      try convert(path(name), to: folder.file("\(name).gguf"))
      let checkpoint = try Model.open(folder.file("\(name).gguf"), library: .bundled()).checkpoint
      #expect(checkpoint.tensor("blk.0.attn_q.weight")?.format == format)
      #expect(checkpoint.tensor("output_norm.weight")?.format == .f32)
    }
  }

  @Test("takes what its header does not state from a params.json of the same model")
  func params() throws {
    let folder = TemporaryFolder()
    try folder.write(LocalFile(path("ggjt3-q4_0.bin")).wholeContent(limit: 1 << 20), to: "m.bin")
    try folder.write(
      Array(#"{"dim": 64, "n_layers": 1, "n_heads": 4, "norm_eps": 1e-5, "rope_theta": 500000.0}"#.utf8),
      to: "params.json")
    let model = try Model.open(folder.file("m.bin"), library: .bundled())
    #expect(model.hyperparameters.real("norm_epsilon") == 1e-5)
    #expect(model.hyperparameters.real("rotary_base") == 500_000)
    #expect(model.warnings.count == 1 && model.warnings[0].contains("context length 2048 is assumed"))
    try folder.write(Array(#"{"dim": 4096, "norm_eps": 1e-5}"#.utf8), to: "params.json")
    let other = try Model.open(folder.file("m.bin"), library: .bundled())
    #expect(other.hyperparameters.real("norm_epsilon") == 1e-6)
    #expect(other.warnings.contains { $0.hasPrefix("params.json next to the file is of another model") })
  }
}

extension [UInt8] {
  fileprivate var crc32: Int {
    var sum = CRC32()
    sum.update(span.bytes)
    return Int(sum.value)
  }
}

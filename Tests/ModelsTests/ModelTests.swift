import Architectures
import Bytes
import Models
import Tensors
import TestSupport
import Testing

@Suite("A model")
struct ModelTests {
  func open(_ path: String) throws -> Model { try Model.open(path, library: try .bundled()) }

  @Test(
    "recognizes",
    arguments: [
      ("llama-gqa", "llama", "hf"), ("yi", "yi", "yi"), ("aquila", "aquila", "hf"), ("meta", "llama", "meta"),
      ("expected/yi/yi-q8_0.gguf", "llama", "gguf"), ("mistral", "mistral", "hf"),
    ])
  func recognition(path: String, definition: String, scheme: String) throws {
    let folder = TemporaryFolder()
    let model = try open(Fixtures.checkpoint(path, in: folder))
    #expect(model.definition.name == definition)
    #expect(model.scheme.name == scheme)
    #expect(model.problems.isEmpty)
  }

  @Test("has the same canonical values from every container")
  func containers() throws {
    let reference = try ModelWeights(open(Fixtures.path("llama-gqa")))
    for path in ["expected/llama-gqa/llama-gqa-bf16.gguf", "meta", "llama-sharded"] {
      let other = try ModelWeights(open(Fixtures.path(path)))
      for slot in reference.model.slots {
        let rows = 0..<(try #require(reference.model.tensor(slot)).descriptor.shape.rowCount)
        var expected: [Float] = [], found: [Float] = []
        try reference.readRows(slot.role, layer: slot.layer, rows: rows, into: &expected)
        try other.readRows(slot.role, layer: slot.layer, rows: rows, into: &found)
        #expect(found == expected, "\(path) \(slot)")
      }
    }
  }

  @Test("reads parts of a tensor as the rows of the whole")
  func parts() throws {
    let weights = try ModelWeights(open(Fixtures.path("meta")))
    var whole: [Float] = [], instance: [Float] = []
    try weights.readRows(.attentionQuery, layer: 1, rows: 0..<64, into: &whole)
    for rows in [0..<1, 3..<9, 7..<8, 8..<16, 61..<64] {
      try weights.readRows(.attentionQuery, layer: 1, rows: rows, into: &instance)
      #expect(Array(instance.prefix(rows.count * 64)) == Array(whole[rows.lowerBound * 64..<rows.upperBound * 64]))
    }
  }

  @Test("recovers RoPE scalings from a GGUF")
  func ropeScalings() throws {
    let folder = try open(Fixtures.path("llama3-tied")).hyperparameters.rotaryScaling
    let gguf = try open(Fixtures.path("expected", "llama3-tied", "llama3-tied-q8_0.gguf")).hyperparameters.rotaryScaling
    #expect(folder == gguf && folder != .none)
  }

  @Test("names an unknown architecture")
  func unknownArchitecture() throws {
    let folder = TemporaryFolder()
    try folder.write(Array(#"{"architectures":["MambaForCausalLM"]}"#.utf8), to: "config.json")
    try folder.write(
      try LocalFile(Fixtures.path("llama-gqa", "model.safetensors")).wholeContent(limit: 1 << 20),
      to: "model.safetensors")
    #expect { try open(folder.path) } throws: {
      "\($0)"
        == "\(folder.path): architecture \"MambaForCausalLM\" is unknown (ingot architectures lists the known ones; pass"
        + " --arch-as NAME if it is one of them under another name)"
    }
    let model = try Model.open(folder.path, library: try .bundled(), architecture: "llama")
    #expect(model.definition.name == "llama")
    #expect { try Model.open(folder.path, library: try .bundled(), architecture: "lama") } throws: {
      "\($0)" == "architecture \"lama\" is unknown (did you mean \"llama\"? ingot architectures lists the known ones)"
    }
  }

  @Test("offers an unknown class the definitions that fit")
  func fittingDefinitions() throws {
    let folder = TemporaryFolder()
    let config = try JSON(parsing: LocalFile(Fixtures.path("llama-gqa", "config.json")).wholeContent(limit: 1 << 20))
    var members = try #require(config.object)
    members["architectures"] = .array([.string("WonderForCausalLM")])
    try folder.write(Array(JSON.object(members).text().utf8), to: "config.json")
    try folder.write(
      try LocalFile(Fixtures.path("llama-gqa", "model.safetensors")).wholeContent(limit: 1 << 20),
      to: "model.safetensors")
    #expect { try open(folder.path) } throws: {
      guard case ModelError.unknownArchitecture(_, let name, let fitting, _)? = $0 as? ModelError else {
        return false
      }
      return name == "WonderForCausalLM" && fitting.first == "llama" && !fitting.contains("mistral")
        && !fitting.contains("mixtral") && !fitting.contains("gpt2")
        && "\($0)".hasSuffix("(pass --arch-as llama if it computes the same)")
    }
  }

  @Test("names the shape that the hyperparameters demand")
  func wrongShapes() throws {
    let folder = TemporaryFolder()
    for file in try FileSystem.list(Fixtures.path("llama-gqa")) {
      try folder.write(try LocalFile(Fixtures.path("llama-gqa", file)).wholeContent(limit: 1 << 20), to: file)
    }
    let text = String(decoding: try LocalFile(folder.file("config.json")).wholeContent(limit: 1 << 20), as: UTF8.self)
    try folder.write(
      Array(text.replacing("\"num_key_value_heads\": 2", with: "\"num_key_value_heads\": 4").utf8), to: "config.json")
    #expect(
      try open(folder.path).problems.first?.description
        == "key_value_head_count*head_dimension is 32 (num_key_value_heads = 4), but 16 in 6 tensors; first: tensor"
        + " \"model.layers.0.self_attn.k_proj.weight\": has shape 16 × 64, expected 32 × 64"
        + " (key_value_head_count*head_dimension × embedding_length)")
  }

  @Test("survives any number of layers", arguments: ["1000000000000", "9223372036854775807"])
  func statedLayers(count: String) throws {
    let folder = TemporaryFolder()
    for file in try FileSystem.list(Fixtures.path("llama-gqa")) {
      try folder.write(try LocalFile(Fixtures.path("llama-gqa", file)).wholeContent(limit: 1 << 20), to: file)
    }
    let text = String(decoding: try LocalFile(folder.file("config.json")).wholeContent(limit: 1 << 20), as: UTF8.self)
    try folder.write(
      Array(text.replacing("\"num_hidden_layers\": 3", with: "\"num_hidden_layers\": \(count)").utf8), to: "config.json"
    )
    let problems = try open(folder.path).problems
    #expect(
      problems.first?.description.hasPrefix(
        "the model has \(try #require(Int(count)).grouped) layers (num_hidden_layers = \(count)), but tensors of 3; first"
          + " of ") == true)
    #expect(problems.count == 1)
  }
}

import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// The expected digests are those of the weights that PEFT's `merge_and_unload` makes.
@Suite("An adapter")
struct AdapterTests {
  static let names = ["llama", "llama-saved", "bloom", "gpt2", "phi3"]

  private func path(_ name: String) -> String { Fixtures.path("adapters", name) }

  /// The base of an adapter with its tokenizer, below `parent`.
  private func base(_ name: String, in parent: TemporaryFolder) throws -> String {
    let base = try #require(try Fixtures.json("adapters", name, "expected.json")["base"]?.string)
    guard base.hasPrefix("architectures/") else { return Fixtures.path(base) }
    return try ArchitectureFixture.named(Path.name(of: base)).stage(in: parent)
  }

  private func expectMerged(_ name: String, _ folder: String) throws {
    let expected = try #require(try Fixtures.json("adapters", name, "expected.json")["float32"]?.object)
    let tensors = try tensorBytes(folder)
    #expect(tensors.count == expected.count)
    for (key, digest) in expected {
      let bytes = tensors[key] ?? tensors[TensorName(key.text.replacing("transformer.", with: ""))]
      #expect(bytes.map { FileDigest.sha256($0) } == digest.string, "\(key)")
    }
  }

  @Test("gives the weights that PEFT merges", arguments: names)
  func mergedFolder(name: String) throws {
    let folder = TemporaryFolder()
    try convert(base(name, in: folder), to: folder.file("merged"), adapters: [path(name)]) { $0.type = .format(.f32) }
    try expectMerged(name, folder.file("merged"))
  }

  @Test("merges before rows are moved, split, packed or transposed", arguments: names)
  func mergedGGUF(name: String) throws {
    let folder = TemporaryFolder()
    let base = try base(name, in: folder)
    try convert(base, to: folder.file("merged"), adapters: [path(name)]) { $0.type = .format(.f32) }
    try convert(folder.file("merged"), to: folder.file("two-steps.gguf"))
    try convert(base, to: folder.file("one-step.gguf"), adapters: [path(name)]) { $0.type = .format(.f32) }
    #expect(try tensorBytes(folder.file("one-step.gguf")) == tensorBytes(folder.file("two-steps.gguf")))
  }

  @Test("adds to a GGUF what was trained on a folder", arguments: ["llama", "bloom", "gpt2", "phi3"])
  func baseInGGUF(name: String) throws {
    let folder = TemporaryFolder()
    try convert(base(name, in: folder), to: folder.file("base.gguf")) { $0.type = .format(.f32) }
    try convert(folder.file("base.gguf"), to: folder.file("merged"), adapters: [path(name)])
    try expectMerged(name, folder.file("merged"))
  }

  @Test("keeps the storage format, and the bytes of what no adapter changes")
  func keptFormats() throws {
    let folder = TemporaryFolder()
    let source = Fixtures.path("llama-gqa")
    try convert(source, to: folder.file("merged"), adapters: [path("llama-saved")])
    let merged = try Model.open(folder.file("merged"), library: .bundled()).checkpoint
    #expect(merged.tensors.allSatisfy { $0.format == .bf16 })
    let before = try tensorBytes(source), after = try tensorBytes(folder.file("merged"))
    let changed = before.filter { after[$0.key] != $0.value }.map(\.key.text).sorted()
    let layers = (0..<3).flatMap { layer in
      ["q_proj", "v_proj"].map { "model.layers.\(layer).self_attn.\($0).weight" }
    }
    #expect(changed == ["lm_head.weight"] + layers)
  }

  @Test("adds several adapters, one after the other")
  func several() throws {
    let folder = TemporaryFolder()
    let source = Fixtures.path("llama-gqa"), adapters = [path("llama"), path("llama-saved")]
    try convert(source, to: folder.file("both"), adapters: adapters) { $0.type = .format(.f32) }
    try convert(source, to: folder.file("one"), adapters: [adapters[0]]) { $0.type = .format(.f32) }
    try convert(folder.file("one"), to: folder.file("two"), adapters: [adapters[1]])
    #expect(try tensorBytes(folder.file("both")) == tensorBytes(folder.file("two")))
  }

  @Test(
    "refuses what cannot be merged",
    arguments: [
      (#"{}"#, "lora", #"member "peft_type": expected "LORA""#),
      (#"{"peft_type": "IA3"}"#, "lora", #"an adapter of type "IA3" cannot be merged"#),
      (#"{"peft_type": "LORA"}"#, "lora", #"member "lora_alpha": expected a number"#),
      (#"{"peft_type": "LORA", "lora_alpha": 8, "use_dora": true}"#, "lora", "a DoRA adapter cannot be merged"),
      (
        #"{"peft_type": "LORA", "lora_alpha": 8, "alpha_pattern": {"a.*": 1}}"#, "lora",
        #"alpha_pattern "a.*", which is not the name of a module, cannot be merged"#
      ),
      (#"{"peft_type": "LORA", "lora_alpha": 8}"#, "dora", "a DoRA adapter cannot be merged"),
      (#"{"peft_type": "LORA", "lora_alpha": 8}"#, "half", #"module "model.norm": has no lora_B"#),
      (#"{"peft_type": "LORA", "lora_alpha": 8}"#, "empty", "contains no update of a weight"),
      (
        #"{"peft_type": "LORA", "lora_alpha": 8}"#, "lora",
        #"module "lm_head": the factors make a matrix of 1 × 2, expected 512 × 64"#
      ),
      (
        #"{"peft_type": "LORA", "lora_alpha": 8}"#, "other",
        #"changes "h.0.attn.weight", which the model does not have"#
      ),
      (#"{"peft_type": "LORA", "lora_alpha": 8}"#, "whole", #"changes "score.weight", which the model does not have"#),
    ])
  func refusals(configuration: String, weights: String, message: String) throws {
    let folder = TemporaryFolder()
    try folder.write(Array(configuration.utf8), to: "adapter_config.json")
    try folder.write(Self.weights(weights), to: "adapter_model.safetensors")
    #expect {
      try Model.open(Fixtures.path("llama-gqa"), library: .bundled(), adapters: [folder.path])
    } throws: {
      "\($0)".hasPrefix("\(folder.path): \(message)")
    }
  }

  private static func weights(_ kind: String) -> [UInt8] {
    func pair(_ module: String) -> [(String, [Int])] {
      [("base_model.model.\(module).lora_A.weight", [1, 2]), ("base_model.model.\(module).lora_B.weight", [1, 1])]
    }
    let tensors: [(name: String, shape: [Int])] =
      switch kind {
      case "dora": pair("lm_head") + [("base_model.model.lm_head.lora_magnitude_vector", [1])]
      case "half": Array(pair("model.norm").prefix(1))
      case "other": pair("h.0.attn")
      case "whole": [("base_model.model.score.weight", [1, 2])]
      case "empty": []
      default: pair("lm_head")
      }
    var (entries, end): ([String], Int) = ([], 0)
    for tensor in tensors {
      let start = end
      end += 4 * tensor.shape.reduce(1, *)
      entries.append(SafeTensorsBytes.entry(tensor.name, "F32", tensor.shape, start, end))
    }
    return SafeTensorsBytes("{\(entries.joined(separator: ","))}", dataByteCount: end).bytes
  }

  @Test("is refused with the remedy as a model")
  func adapterAsModel() throws {
    #expect {
      try Model.open(path("llama"), library: .bundled())
    } throws: {
      "\($0)".hasSuffix(
        "is a LoRA adapter, not a model (pass the model that it was made for, with --lora \(path("llama")))"
      )
    }
  }

  @Test("in a pickle merges as in safetensors")
  func pickle() throws {
    let folder = TemporaryFolder(), base = Fixtures.path("pytorch", "twin")
    for name in ["adapter", "adapter-twin"] {
      try convert(base, to: folder.file(name), adapters: [Fixtures.path("pytorch", name)])
    }
    #expect(try tensorBytes(folder.file("adapter")) == tensorBytes(folder.file("adapter-twin")))
    #expect(try tensorBytes(folder.file("adapter")) != tensorBytes(base))
    #expect {
      try Model.open(Fixtures.path("pytorch", "adapter"), library: .bundled())
    } throws: {
      "\($0)".contains("is a LoRA adapter, not a model")
    }
  }
}

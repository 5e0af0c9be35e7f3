import Architectures
import Bytes
import Formats
import Models
import TestSupport
import Tensors
import Testing

/// Files that are given as models and are something else.
@Suite("Files other than models")
struct ForeignModelTests {
  private let folder = TemporaryFolder()

  private func open(_ path: String) throws -> Model { try Model.open(path, library: .bundled()) }

  static let files: [(text: [String: String], tensor: String?, words: String)] = [
    (["general.type": "adapter", "general.architecture": "llama"], "blk.0.attn_q.weight.lora_a", "a LoRA adapter"),
    (["general.type": "imatrix"], "blk.0.attn_q.weight.in_sum2", "an importance matrix"),
    (["general.architecture": "clip"], "v.patch_embd.weight", "the image or audio encoder of a multimodal model"),
    (["general.type": "mmproj", "general.architecture": "x"], "mm.0.weight", "the image or audio encoder"),
    (["general.architecture": "controlvector"], "direction.1", "a control vector"),
    (["general.architecture": "llama"], nil, "without tensors"),
  ]

  @Test("are named for what they are", arguments: files.indices)
  func named(index: Int) throws {
    let file = Self.files[index]
    var bytes = GGUFBytes()
    bytes.pairs = file.text.sorted { $0.key < $1.key }.map { bytes.pair($0.key, 8, bytes.string($0.value)) }
    if let tensor = file.tensor {
      bytes.records = [.init(tensor, [32])]
      bytes.dataByteCount = 128
    }
    let path = try folder.write(bytes.bytes, to: "m.gguf")
    let isPart = file.words.contains("encoder")
    if isPart {
      let model = try Model.openByName(path, library: .bundled())
      #expect(model.remarks.contains { $0.hasPrefix("is \(file.words)") && $0.hasSuffix("go by their names") })
    }
    for open in isPart ? [open] : [open, { try Model.openByName($0, library: .bundled()) }] {
      #expect { try open(path) } throws: {
        "\($0)".hasPrefix("\(path): is \(file.words)") && "\($0)".contains("expected a model (")
          && ($0 as? any IngotError)?.category == .input
      }
    }
  }

  @Test("are named as vocabularies")
  func vocabulary() throws {
    var bytes = GGUFBytes()
    bytes.pairs = [
      bytes.pair("general.architecture", 8, bytes.string("llama")),
      bytes.pair("tokenizer.ggml.tokens", 9, bytes.array(8, [bytes.string("a")])),
    ]
    let path = try folder.write(bytes.bytes, to: "m.gguf")
    #expect { try open(path) } throws: {
      "\($0)" == "\(path): is a vocabulary alone, without tensors (tokenizer.ggml.tokens), expected a model"
        + " (pass the file with the model's weights)"
    }
  }

  @Test("lead to no advice where the computation may differ", arguments: ["model_type", "auto_map"])
  func lookAlikes(key: String) throws {
    try copyFixture("llama-gqa") { members in
      members["architectures"] = .array([.string("HeliumForCausalLM")])
      members[ExactString(key)] = key == "auto_map" ? .members(["AutoModel": .string("m.M")]) : .string("helium")
    }
    #expect { try open(folder.path) } throws: {
      "\($0)"
        == "\(folder.path): architecture \"HeliumForCausalLM\" is unknown; its tensors have the names and shapes of"
        + " llama, but nothing shows that it computes the same (--mapping FILE can define it)"
    }
  }

  // MARK: - Names

  @Test(
    "have their wrappers' words left out",
    arguments: [
      "module.", "model.", "base_model.model.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.model.",
      "net.core.",
    ])
  func prefixes(prefix: String) throws {
    let plain = try open(Fixtures.path("llama-gqa"))
    try copyFixture("llama-gqa") { _ in }
    try rename { prefix + $0 }
    let model = try open(folder.path)
    #expect(model.problems.isEmpty)
    #expect(model.tensors.map(\.descriptor.name) == plain.tensors.map(\.descriptor.name))
    #expect(model.checkpoint.stored.allSatisfy { $0.name.text.hasPrefix(prefix) })
    #expect(model.remarks.contains { $0.contains("left out") })
    #expect(!plain.remarks.contains { $0.contains("left out") })
  }

  @Test("have wrappers' words left out anywhere")
  func innerWords() throws {
    try copyFixture("llama-gqa") { _ in }
    try rename {
      $0.replacing("layers.0.", with: "layers.0._orig_mod.").replacing("mlp.", with: "mlp._checkpoint_wrapped_module.")
    }
    let model = try open(folder.path)
    #expect(model.problems.isEmpty)
    #expect(model.remarks.contains { $0.contains("\"_orig_mod\" and \"_checkpoint_wrapped_module\" is left out of") })
  }

  @Test("keep prefixes that some names lack")
  func mixed() throws {
    try copyFixture("llama-gqa") { _ in }
    try rename { $0.contains("norm") ? $0 : "module." + $0 }
    #expect(try !open(folder.path).problems.isEmpty)
  }

  private func copyFixture(_ name: String, _ edit: (inout JSON.Object) -> Void) throws {
    for file in ["config.json", "model.safetensors"] {
      try folder.write(try LocalFile(Fixtures.path(name, file)).wholeContent(limit: 1 << 20), to: file)
    }
    var members = try #require(
      try JSON(parsing: LocalFile(folder.file("config.json")).wholeContent(limit: 1 << 20)).object)
    edit(&members)
    try folder.write(JSON.object(members).encoded(.indented), to: "config.json")
  }

  /// Writes the weights again under other names.
  private func rename(_ name: (String) -> String) throws {
    let path = folder.file("model.safetensors")
    let checkpoint = try Checkpoint.open(path)
    var entries: [String] = [], data: [UInt8] = []
    for tensor in checkpoint.tensors {
      var bytes: [UInt8] = []
      try checkpoint.read(#require(tensor.byteRange), from: 0, count: tensor.byteCount, into: &bytes)
      entries.append(
        SafeTensorsBytes.entry(
          name(tensor.name.text), tensor.declaredFormat.description, tensor.shape.dimensions, data.count,
          data.count + tensor.byteCount))
      data += bytes.prefix(tensor.byteCount)
    }
    var file = SafeTensorsBytes("{\(entries.joined(separator: ","))}")
    file.data = data
    try folder.write(file.bytes, to: "model.safetensors")
  }
}

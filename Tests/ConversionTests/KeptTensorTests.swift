import Bytes
import Conversion
import Formats
import Models
import Tensors
import TestSupport
import Testing

/// Between safetensors nothing is left out: tensors, names, metadata and the class of config.json stay.
@Suite("Between safetensors")
struct KeptTensorTests {
  let folder = TemporaryFolder()

  private func configuration(_ path: String) throws -> JSON {
    try JSON(parsing: LocalFile(Path.join(path, "config.json")).wholeContent(limit: 1 << 20))
  }

  private func model(_ source: String) throws -> Model { try Model.openAsStored(source, library: .bundled()) }

  private func plan(_ source: String, _ edit: (inout ConversionRequest) -> Void = { _ in }) throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file("out"))
    request.overwrite = .replace
    edit(&request)
    return try Planner.plan(try model(source), request)
  }

  private static let plain = ArchitectureFixture.ready(.activations).filter { fixture in
    !["-fp8", "-mxfp4"].contains { fixture.name.hasSuffix($0) }
  }

  @Test("shards have every tensor under its name, and the classes", arguments: plain)
  func sharded(fixture: ArchitectureFixture) throws {
    let source = try fixture.stage(in: folder), output = folder.file("out")
    try convert(source, to: output) { $0.maximumShardByteCount = 16 << 10 }
    #expect(try tensorBytes(output) == tensorBytes(source))
    for key in ["architectures", "model_type", "text_config", "vision_config"] {
      #expect(try configuration(output)[key] == configuration(source)[key])
    }
  }

  @Test("a cast has every tensor under its name", arguments: plain)
  func cast(fixture: ArchitectureFixture) throws {
    let source = try fixture.stage(in: folder)
    let original = try model(source).checkpoint
    let plan = try plan(source) { $0.type = .format(.f16) }
    #expect(Set(plan.tensors.map(\.name)) == Set(original.tensors.map(\.name)))
    #expect(plan.dropped.isEmpty)
    for tensor in plan.tensors {
      let stored = try #require(original.tensor(tensor.name))
      #expect(tensor.shape == stored.shape)
      #expect(tensor.format == (stored.format?.facts.kind == .float ? .f16 : stored.format))
    }
  }

  @Test("tensors that only a GGUF leaves out are kept", arguments: ["bert-bge", "gpt2-bare"])
  func carryingNothing(name: String) throws {
    let source = try ArchitectureFixture.named(name).stage(in: folder)
    #expect(try !model(source).dropped.isEmpty)
    let plan = try plan(source)
    #expect(plan.dropped.isEmpty)
    #expect(Set(plan.tensors.map(\.name)) == Set(try model(source).checkpoint.tensors.map(\.name)))
    #expect(try !self.plan(source) { $0.target = .gguf }.dropped.isEmpty)
  }

  @Test("tensors that the architecture does not know are kept, with a warning")
  func unknown() throws {
    let written = try WrittenModel(copying: Fixtures.path("llama-gqa"), in: folder, name: "mtp") { tensors in
      for name in ["model.layers.7.enorm.weight", "model.layers.7.self_attn.q_proj.weight"] {
        tensors.append(.init(name: name, dimensions: [4], values: [1, 2, 3, 4]))
      }
    }
    let plan = try plan(written.path)
    #expect(plan.tensors.count { $0.name.text.hasPrefix("model.layers.7.") } == 2)
    #expect(
      plan.messages.contains(
        .warning(
          "2 tensors have no role in llama and keep their names (first: \"model.layers.7.enorm.weight\")")))
    #expect(throws: (any Error).self) { try self.plan(written.path) { $0.target = .gguf } }
  }

  @Test("padding rows of the embedding are kept")
  func padding() throws {
    let source = try ArchitectureFixture.named("gemma3").stage(in: folder)
    let written = try WrittenModel(copying: source, in: folder, name: "padded") { _ in }
    let text = try configuration(source).text(.indented).replacing("\"vocab_size\": 384", with: "\"vocab_size\": 380")
    try folder.write(Array(text.utf8), to: "padded/config.json")
    let plan = try plan(written.path)
    let embedding = try #require(plan.tensors.first { $0.name == "model.embed_tokens.weight" })
    #expect(embedding.shape.dimensions == [384, 32] && embedding.isCopy)
    #expect(!plan.messages.contains { $0.message.contains("padding rows") })
    let gguf = try self.plan(written.path) { $0.target = .gguf }
    #expect(
      gguf.messages.contains(
        .note("dropped 4 padding rows of \"model.embed_tokens.weight\": no token uses them")))
  }

  @Test("a head that a GGUF cannot have is kept, whatever its values", arguments: [0, 1] as [Float])
  func copiedHead(addend: Float) throws {
    let source = try ArchitectureFixture.named("gemma").stage(in: folder)
    let written = try WrittenModel(copying: source, in: folder, name: "headed") { tensors in
      guard var head = tensors.first(where: { $0.name == "model.embed_tokens.weight" }) else { return }
      head.name = "lm_head.weight"
      head.values[0] += addend
      tensors.append(head)
    }
    let plan = try plan(written.path)
    #expect(plan.dropped.isEmpty && plan.tensors.contains { $0.name == "lm_head.weight" })
    #expect(plan.messages.contains { $0.message.contains("both are kept") })
  }

  @Test("a cast changes the element type of models inside as well")
  func nestedElementType() throws {
    let source = try ArchitectureFixture.named("gemma3-nested").stage(in: folder)
    try convert(source, to: folder.file("half")) { $0.type = .format(.f16) }
    let outer = try configuration(folder.file("half"))
    let names = [outer, outer["text_config"] ?? .null].compactMap { ($0["dtype"] ?? $0["torch_dtype"])?.string }
    #expect(!names.isEmpty && Set(names) == ["float16"])
  }

  @Test("metadata is kept")
  func metadata() throws {
    try FileSystem.createFolder(folder.file("noted"))
    for file in ["config.json", "params.json"] where FileSystem.kind(of: Fixtures.path("llama-gqa", file)) != nil {
      try folder.write(
        LocalFile(Fixtures.path("llama-gqa", file)).wholeContent(limit: 1 << 20), to: "noted/" + file)
    }
    let checkpoint = try Checkpoint.open(Fixtures.path("llama-gqa"))
    var metadata = Metadata()
    metadata["author"] = .string("someone")
    let layout = try SafeTensors.Layout(
      tensors: checkpoint.tensors.map { OutputTensor(name: $0.name, format: .bf16, shape: $0.shape) },
      metadata: metadata)
    let size = layout.fileByteCount - layout.header.count
    try folder.write(layout.header + [UInt8](repeating: 0, count: size), to: "noted/model.safetensors")
    try convert(folder.file("noted"), to: folder.file("kept"))
    let kept = try Checkpoint.open(folder.file("kept")).metadata
    #expect(kept["author"] == .string("someone") && kept["format"] == .string("pt"))
  }
}

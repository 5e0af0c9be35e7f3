import Bytes
import Conversion
import Formats
import Models
import Tensors
import TestSupport
import Testing

/// Safetensors of no known architecture, which are sharded, joined and cast by names.
@Suite("Safetensors of no known architecture")
struct StoredPlannerTests {
  let folder = TemporaryFolder()

  /// A net of tensors in several formats, not in the order of the safetensors package.
  private func net(_ name: String = "net.safetensors") throws -> String {
    let entries = [
      ("stem.weight", "F32", [4, 2], 32), ("codes", "U8", [8], 8), ("gate.weight", "BF16", [2, 2], 8),
      ("scale", "F8_E4M3", [4], 4), ("steps", "I32", [3], 12), ("a.bias", "F16", [2], 4),
    ]
    var begin = 0
    let members = entries.map { entry in
      defer { begin += entry.3 }
      return SafeTensorsBytes.entry(entry.0, entry.1, entry.2, begin, begin + entry.3)
    }
    let file = SafeTensorsBytes(
      #"{"__metadata__":{"made_by":"hand"},"# + members.joined(separator: ",") + "}", dataByteCount: begin)
    return try folder.write(file.bytes, to: name)
  }

  private func plan(_ source: String, _ edit: (inout ConversionRequest) -> Void = { _ in }) throws -> ConversionPlan {
    var request = ConversionRequest(destination: folder.file("out"))
    request.overwrite = .replace
    edit(&request)
    return try Planner.plan(try Model.openAsStored(source, library: .bundled()), request)
  }

  private func contents(_ path: String) throws -> [TensorName: [UInt8]] {
    let checkpoint = try Checkpoint.open(path)
    return Dictionary(
      uniqueKeysWithValues: try checkpoint.tensors.map {
        ($0.name, try checkpoint.files[$0.fileIndex].bytes(at: $0.fileOffset, count: $0.byteCount))
      })
  }

  @Test("are sharded with an index and joined again, in their order and with their metadata")
  func roundTrip() throws {
    let source = try net()
    let plan = try plan(source) { $0.maximumShardByteCount = 48 }
    #expect(plan.files.count == 2)
    #expect(plan.sideFiles.map { Path.name(of: $0.path) } == ["model.safetensors.index.json"])
    #expect(plan.messages.count { $0.message.hasSuffix("nothing specific to an architecture is done") } == 1)
    try Executor.run(plan, threads: 2)
    let joined = try self.plan(folder.file("out")) { $0.destination = folder.file("joined.safetensors") }
    try Executor.run(joined, threads: 2)
    let checkpoint = try Checkpoint.open(folder.file("joined.safetensors"))
    #expect(checkpoint.tensors.map(\.name.text) == ["stem.weight", "codes", "gate.weight", "scale", "steps", "a.bias"])
    #expect(checkpoint.metadata["made_by"] == .string("hand") && checkpoint.metadata["format"] == nil)
    #expect(try contents(folder.file("joined.safetensors")) == contents(source))
  }

  @Test("are cast where their values are numbers")
  func cast() throws {
    let plan = try plan(try net()) { $0.type = .format(.f32) }
    let formats = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.name.text, $0.format) })
    #expect(
      formats == [
        "stem.weight": .f32, "codes": .u8, "gate.weight": .f32, "scale": .f8_e4m3, "steps": .i32, "a.bias": .f32,
      ])
    #expect(
      plan.messages.contains(
        .note(
          "1 tensor in F8_E4M3 is not cast, because the values may be codes (first: \"scale\"; --tensor-type casts anyway)"
        )))
    let forced = try self.plan(try net()) {
      $0.type = .format(.f32)
      $0.typeOverrides = [.init(pattern: "scale", format: .f32)]
    }
    #expect(forced.tensors.first { $0.name == "scale" }?.format == .f32)
  }

  @Test("keep the order of the safetensors package where their own would not be aligned")
  func alignment() throws {
    let plan = try plan(try net()) {
      $0.destination = folder.file("half.safetensors")
      $0.typeOverrides = [.init(pattern: "codes", format: .f16), .init(pattern: "stem", format: .f16)]
    }
    try Executor.run(plan, threads: 1)
    for tensor in try Checkpoint.open(folder.file("half.safetensors")).tensors {
      #expect(tensor.fileOffset.isMultiple(of: tensor.format?.bytesPerBlock ?? 1))
    }
  }

  @Test("of an unknown class keep their side files and config.json, but for the element type")
  func unknownClass() throws {
    try FileSystem.createFolder(folder.file("vad"))
    _ = try net("vad/model.safetensors")
    let config = #"{"architectures":["VadNet"],"model_type":"vad","torch_dtype":"float32","width":8}"#
    try folder.write(Array(config.utf8), to: "vad/config.json")
    try folder.write(Array("{}".utf8), to: "vad/preprocessor_config.json")
    try Executor.run(try plan(folder.file("vad")) { $0.type = .format(.bf16) }, threads: 1)
    let written = try JSON(parsing: LocalFile(folder.file("out/config.json")).wholeContent(limit: 1 << 16))
    #expect(written["architectures"] == .array([.string("VadNet")]) && written["width"]?.integer == 8)
    #expect(written["torch_dtype"] == .string("bfloat16"))
    #expect(FileSystem.kind(of: folder.file("out/preprocessor_config.json")) == .regular)
    try Executor.run(
      try plan(folder.file("vad")) { $0.destination = folder.file("same") }, threads: 1)
    let same = try JSON(parsing: LocalFile(folder.file("same/config.json")).wholeContent(limit: 1 << 16))
    #expect(same == (try JSON(parsing: Array(config.utf8))))
  }

  @Test("are refused for recipes, GGUFs and names")
  func refused() throws {
    let source = try net()
    #expect(throws: (any Error).self) { try plan(source) { $0.type = .format(.q8_0) } }
    #expect(throws: (any Error).self) { try plan(source) { $0.naming = "hf" } }
    #expect(throws: (any Error).self) { try plan(source) { $0.target = .gguf } }
    #expect(throws: (any Error).self) { try Model.openAsStored(Fixtures.path("gguf/values.gguf"), library: .bundled()) }
    #expect(throws: (any Error).self) {
      try Model.openAsStored(Fixtures.path("adapters/llama"), library: .bundled())
    }
  }
}

import Ingot
import TestSupport
import Testing

/// Folders of FP8 weights with scales, compared with the same values as torch decoded them.
@Suite("Models with FP8 weights")
struct FP8ModelTests {
  private func plan(_ source: String, _ destination: String, _ format: StorageFormat) throws -> ConversionPlan {
    var request = ConversionRequest(destination: destination)
    request.type = .format(format)
    return try Planner.plan(try Model.open(source, library: .bundled()), request)
  }

  @Test("become the GGUF of the decoded values", arguments: FP8Folder.names, [StorageFormat.f32, .bf16, .q8_0, .q4_0])
  func conversion(name: String, format: StorageFormat) throws {
    let folder = try FP8Folder(name), output = TemporaryFolder()
    try Executor.run(plan(folder.path, output.file("fp8.gguf"), format))
    try Executor.run(plan(folder.decoded, output.file("decoded.gguf"), format))
    let files = try ["fp8.gguf", "decoded.gguf"].map { try LocalFile(output.file($0)).wholeContent(limit: 1 << 24) }
    #expect(files[0] == files[1])
  }

  @Test("become a plain folder of the decoded values", arguments: FP8Folder.names)
  func plainFolder(name: String) throws {
    let folder = try FP8Folder(name), output = TemporaryFolder()
    let plan = try plan(folder.path, output.file("plain"), .f32)
    try Executor.run(plan)
    let result = try Checkpoint.open(output.file("plain")), decoded = try Checkpoint.open(folder.decoded)
    #expect(result.tensors.count == decoded.tensors.count)
    for tensor in decoded.tensors {
      var expected: [UInt8] = [], found: [UInt8] = []
      let copy = try #require(result.tensor(tensor.name))
      try decoded.read(#require(tensor.byteRange), from: 0, count: tensor.byteCount, into: &expected)
      try result.read(#require(copy.byteRange), from: 0, count: copy.byteCount, into: &found)
      #expect(found == expected, "\(tensor.name.text)")
    }
    let configuration = try JSON(parsing: LocalFile(output.file("plain/config.json")).wholeContent(limit: 1 << 20))
    #expect(configuration["quantization_config"] == nil)
    #expect(plan.messages.contains { $0.message.hasPrefix("quantization_config is left out of config.json") })
  }

  @Test("differ in nothing from the decoded values", arguments: FP8Folder.names)
  func comparison(name: String) throws {
    let folder = try FP8Folder(name)
    let diff = try CheckpointDiff.compare(folder.path, folder.decoded, library: .bundled())
    #expect(diff.passes, "\(diff.findings)")
    #expect(diff.coverage.isComplete)
  }

  @Test("have the digests of the decoded values", arguments: FP8Folder.names)
  func digests(name: String) throws {
    let folder = try FP8Folder(name)
    func entries(_ path: String) throws -> [TensorName: CheckpointDigest.Entry] {
      let model = try Model.open(path, library: .bundled())
      let digest = try CheckpointDigest(.model(model), model.checkpoint, threads: 2) { _ in }
      return Dictionary(uniqueKeysWithValues: digest.entries.map { ($0.name, $0) })
    }
    let found = try entries(folder.path), expected = try entries(folder.decoded)
    #expect(Set(found.keys) == Set(expected.keys))
    let composed = try folder.open().checkpoint.tensors.filter { $0.composition != nil }
    #expect(!composed.isEmpty)
    for tensor in composed { #expect(found[tensor.name] == expected[tensor.name]) }
  }

  @Test("name the source tensors in receipts and reports")
  func sources() throws {
    let folder = try FP8Folder("qwen3-scales"), output = TemporaryFolder()
    let plan = try plan(folder.path, output.file("model.gguf"), .bf16)
    let name = "model.layers.0.self_attn.q_proj.weight"
    let tensor = try #require(plan.tensors.first { $0.sourceName?.text == name })
    #expect(tensor.composedOf.map(\.text) == [name, name + "_scale_inv"])
    #expect(tensor.sourceEncoding == "FP8 E4M3, one scale")
    // What is no source of a tensor is accounted for too.
    #expect(plan.dropped.contains { $0.name.text == "model.layers.0.self_attn.q_proj.activation_scale" })

    let report = try CheckpointReport(path: folder.path, library: .bundled())
    #expect(report.tensors.count == report.checkpoint.stored.count)
    #expect(report.encodings.map(\.description) == ["FP8 E4M3, one scale"])
    let decoded = try CheckpointReport(path: folder.decoded, library: .bundled())
    #expect(report.elementCount == decoded.elementCount)
  }
}

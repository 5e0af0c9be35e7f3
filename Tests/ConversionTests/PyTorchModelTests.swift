import Bytes
import Conversion
import Foundation
import Models
import TestSupport
import Tensors
import Testing

/// One model in PyTorch's files and in safetensors gives the same output.
@Suite("A model in PyTorch's files")
struct PyTorchModelTests {
  private static let twin = Fixtures.path("pytorch", "twin")

  @Test("gives the GGUF of its safetensors twin, byte for byte", arguments: [nil, StorageFormat.q8_0])
  func gguf(type: StorageFormat?) throws {
    let folder = TemporaryFolder()
    for name in ["sharded", "twin"] {
      // The name of the folder is that of the model, which a GGUF has.
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: Fixtures.path("pytorch", name), toPath: folder.file("\(name)/model"))
      try convert(folder.file("\(name)/model"), to: folder.file("\(name).gguf")) {
        if let type { $0.type = .format(type) }
      }
    }
    let bytes = try ["sharded", "twin"].map { try LocalFile(folder.file("\($0).gguf")).wholeContent(limit: 1 << 20) }
    #expect(bytes[0] == bytes[1])
  }

  @Test("gives the folder of its safetensors twin")
  func folder() throws {
    let folder = TemporaryFolder()
    try convert(Fixtures.path("pytorch", "sharded"), to: folder.file("out"))
    #expect(try tensorBytes(folder.file("out")) == tensorBytes(Self.twin))
  }

  @Test("in model-parallel shards is the model that was split", arguments: ["meta", "meta-rows"])
  func modelParallel(name: String) throws {
    let folder = TemporaryFolder(), source = Fixtures.path("pytorch", name)
    try convert(source, to: folder.file("hf")) { $0.naming = "hf" }
    #expect(try tensorBytes(folder.file("hf")) == tensorBytes(Self.twin))
    try convert(source, to: folder.file("meta.gguf"))
    try convert(Self.twin, to: folder.file("twin.gguf"))
    #expect(try tensorBytes(folder.file("meta.gguf")) == tensorBytes(folder.file("twin.gguf")))
  }

  @Test("records the files on the disk in its receipt")
  func receipt() throws {
    let folder = TemporaryFolder()
    let model = try Model.open(Fixtures.path("pytorch", "meta"), library: .bundled())
    #expect(model.checkpoint.storedFiles.map(\.name) == ["consolidated.00.pth", "consolidated.01.pth"])
    let request = ConversionRequest(destination: folder.file("m.gguf"))
    let plan = try Planner.plan(model, request)
    let outcomes = try Executor.run(plan, threads: 1)
    let receipt = Receipt(
      plan: plan, errors: ErrorSummary(outcomes), options: [], version: "test")
    let inputs = try receipt.json(threads: 1)["inputs"]?.array?.compactMap { $0["name"]?.string }
    #expect(inputs == ["consolidated.00.pth", "consolidated.01.pth", "params.json"])
  }
}

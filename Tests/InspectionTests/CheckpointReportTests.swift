import Architectures
import Bytes
import Formats
import Inspection
import Models
import Tensors
import TestSupport
import Testing

@Suite("A report")
struct CheckpointReportTests {
  @Test(
    "recognizes architecture and naming scheme",
    arguments: [
      ("llama-gqa", "llama", "hf"), ("meta/model.safetensors", "llama", "meta"), ("yi", "yi", "yi"),
      ("aquila/model.safetensors", "aquila", "hf"), ("expected/yi/yi-q8_0.gguf", "llama", "gguf"),
      ("llama-sharded/model-00002-of-00003.safetensors", "llama", "hf"),
    ])
  func recognition(path: String, architecture: String, scheme: String) throws {
    let report = try CheckpointReport(path: Fixtures.path(path), library: .bundled())
    guard case .model(let model) = report.recognition else {
      Issue.record("\(path) is not recognized")
      return
    }
    #expect(model.definition.name == architecture)
    #expect(model.scheme.name == scheme)
    #expect(model.problems.isEmpty)
  }

  @Test("describes a container that no definition knows")
  func unknownArchitecture() throws {
    let report = try CheckpointReport(path: Fixtures.path("gguf/values.gguf"), library: .bundled())
    guard case .unknown = report.recognition else {
      Issue.record("values.gguf is recognized")
      return
    }
    #expect(report.tensors.count == 11)
  }

  @Test("says the same of a checkpoint in memory", arguments: ["llama-gqa", "llama-sharded", "meta"])
  func memory(path: String) throws {
    let location = InputLocation(folder: try MemoryTree(copying: Fixtures.path(path)))
    var memory = try CheckpointReport(location, library: .bundled())
    var disk = try CheckpointReport(path: Fixtures.path(path), library: .bundled())
    try memory.measure(threads: 2)
    try disk.measure(threads: 1)
    #expect(memory.tensors == disk.tensors)
    #expect(memory.formats == disk.formats)
    #expect(memory.statistics == disk.statistics)
    #expect(memory.fileByteCount == disk.fileByteCount)
  }

  @Test("counts each tensor once, by format")
  func shares() throws {
    let report = CheckpointReport(try Checkpoint.open(Fixtures.path("expected/yi/yi-q8_0.gguf")))
    #expect(report.formats.map(\.format.description) == ["Q8_0", "F32"])
    #expect(report.formats.map(\.tensorCount) == [23, 7])
    #expect(report.elementCount == 189_888)
    #expect(report.formats.map(\.share).reduce(0, +) == 1)
  }
}

import Architectures
import Formats
import Inspection
import Tensors
import TestSupport
import Testing

@Suite("A report")
struct CheckpointReportTests {
  @Test(
    "recognises architecture and naming scheme",
    arguments: [
      ("llama-gqa", "llama", "hf"), ("meta/model.safetensors", "llama", "meta"),
      ("expected/yi/yi-q8_0.gguf", "llama", "gguf"), ("llama-sharded", "llama", "hf"),
    ])
  func recognition(path: String, architecture: String, scheme: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path(path))
    let recognition = try #require(Recognition(checkpoint, library: try .bundled()))
    #expect(recognition.definition.name == architecture)
    #expect(recognition.scheme.name == scheme)
    #expect(recognition.knownCount == checkpoint.tensors.count)
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

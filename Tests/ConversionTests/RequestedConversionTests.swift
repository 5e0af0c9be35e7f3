import Bytes
import Conversion
import Models
import TestSupport
import Testing

@Suite("A requested conversion")
struct RequestedConversionTests {
  let folder = TemporaryFolder()

  private func conversion(of source: String, to name: String) throws -> RequestedConversion {
    RequestedConversion(
      source, library: try .bundled(), request: ConversionRequest(destination: folder.file(name)))
  }

  @Test(
    "keeps the container that its destination's name decided, under any other name",
    arguments: ["out.gguf", "out.safetensors", "out"])
  func redirected(name: String) throws {
    let requested = try conversion(of: "nowhere", to: name)
    let plan = try requested.redirected(from: Fixtures.path("llama-gqa"), to: folder.file("renamed")).plan(threads: 1)
    #expect(plan.target == requested.request.resolvedTarget)
    #expect(plan.destination == folder.file("renamed"))
    #expect(plan.source.checkpoint.path == Fixtures.path("llama-gqa"))
  }

  @Test("opens a GGUF without a definition only if none is required")
  func definition() throws {
    try convert(Fixtures.path("llama-gqa"), to: folder.file("known.gguf"))
    var bytes = try LocalFile(folder.file("known.gguf")).wholeContent(limit: 1 << 20)
    // The architecture's name is the value of the first key that has it as a length and 5 bytes.
    let name = [5, 0, 0, 0, 0, 0, 0, 0] + Array("llama".utf8)
    let start = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
    bytes[start + 8] = UInt8(ascii: "x")
    var requested = try conversion(of: try folder.write(bytes, to: "unknown.gguf"), to: "out.gguf")
    #expect(throws: ModelError.self) { try requested.open() }
    requested.definition = .optional
    #expect(try requested.open().definition.name == "xlama")
  }
}

import Formats
import Inspection
import Tensors
import TestSupport
import Testing

@Suite("A digest")
struct CheckpointDigestTests {
  private func digest(_ path: String, threads: Int = 2) throws -> CheckpointDigest {
    let report = try CheckpointReport(path: path, library: .bundled())
    let recognition = try #require(report.recognition)
    return try CheckpointDigest(recognition, report.checkpoint, threads: threads) { _ in }
  }

  @Test(
    "is the same in shards, and under other names in another layout",
    arguments: ["llama-sharded", "meta/model.safetensors"])
  func independence(path: String) throws {
    #expect(try digest(Fixtures.path(path)).sha256 == digest(Fixtures.path("llama-gqa")).sha256)
  }

  @Test("is what Python's hashlib makes of the definition in docs/json.md")
  func golden() throws {
    let digest = try digest(Fixtures.path("llama-gqa"))
    #expect(digest.isCanonical)
    #expect(digest.sha256 == "eb4e39390cb838dada50a4fd670c77961d23c7a2f339a92de84b3e5852fc67e6")
  }

  @Test("changes with one bit")
  func sensitivity() throws {
    let folder = TemporaryFolder()
    let checkpoint = try Checkpoint.open(Fixtures.path("meta", "model.safetensors"))
    var bytes = try checkpoint.files[0].bytes(at: 0, count: checkpoint.files[0].byteCount)
    let params = try ModelFolder(Fixtures.path("meta")).bytes("params.json") ?? []
    bytes[bytes.count - 1] ^= 1
    try folder.write(params, to: "params.json")
    let changed = try digest(folder.write(bytes, to: "model.safetensors"))
    let original = try digest(Fixtures.path("meta", "model.safetensors"))
    #expect(changed.sha256 != original.sha256)
    #expect(zip(changed.entries, original.entries).filter { $0 != $1 }.count == 1)
  }

  @Test("does not depend on the number of threads")
  func threads() throws {
    let path = Fixtures.path("aquila")
    #expect(try digest(path, threads: 1).entries == digest(path, threads: 5).entries)
  }
}

import Bytes
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

  @Test("counts the tensors that it leaves out, and digests them apart")
  func others() throws {
    func bert(_ value: UInt8) throws -> CheckpointDigest {
      let folder = TemporaryFolder()
      let source = try ArchitectureFixture.named("bert-bge").stage(in: folder)
      let file = Path.join(source, "model.safetensors")
      var bytes = try LocalFile(file).wholeContent(limit: 1 << 26)
      // One more tensor, which the architecture does not use: its data is last.
      let checkpoint = try Checkpoint.open(file)
      let end = bytes.count - (checkpoint.tensors.map(\.fileOffset).min() ?? 0)
      let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let text = String(decoding: bytes[8..<8 + length], as: UTF8.self)
      let last = try #require(text.lastIndex(of: "}"))
      let header = text[..<last] + "," + SafeTensorsBytes.entry("cls.predictions.bias", "U8", [1], end, end + 1) + "}"
      bytes = SafeTensorsBytes(String(header)).bytes + bytes[(8 + length)...] + [value]
      try AtomicFile.write(bytes, to: file, overwrite: .replace)
      return try digest(source)
    }
    let (one, other) = (try bert(1), try bert(2))
    #expect(one.sha256 == other.sha256)
    #expect(
      one.others.map(\.name.text) == [
        "cls.predictions.bias", "embeddings.position_ids", "pooler.dense.bias", "pooler.dense.weight",
      ])
    #expect(one.othersSHA256 != other.othersSHA256 && one.othersSHA256 != nil)
    #expect(try digest(Fixtures.path("llama-gqa")).othersSHA256 == nil)
  }
}

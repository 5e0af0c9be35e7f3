import Bytes
import Conversion
import Formats
import Models
import Quantization
import TestSupport
import Testing

/// Outputs whose names end in `.zst`, and sources that are compressed.
@Suite("A compressed output")
struct CompressedOutputTests {
  private let folder = TemporaryFolder()
  private let source = Fixtures.path("llama-gqa")

  private func content(_ name: String) throws -> [UInt8] {
    try UnpackedFile.open(LocalFile(folder.file(name))).wholeContent(limit: 1 << 24)
  }

  private func stored(_ name: String) throws -> [UInt8] {
    try LocalFile(folder.file(name)).wholeContent(limit: 1 << 24)
  }

  @Test("has the bytes of the plain output, for any number of threads", arguments: ["gguf", "safetensors"])
  func content(ending: String) throws {
    try convert(source, to: folder.file("a.\(ending)")) { $0.type = .format(ending == "gguf" ? .q4_0 : .f32) }
    for threads in [1, 2, 5] {
      try convert(source, to: folder.file("a\(threads).\(ending).zst"), threads: threads) {
        $0.type = .format(ending == "gguf" ? .q4_0 : .f32)
      }
      #expect(try content("a\(threads).\(ending).zst") == stored("a.\(ending)"))
      #expect(try stored("a\(threads).\(ending).zst") == stored("a1.\(ending).zst"))
    }
  }

  @Test("converts like the plain file")
  func roundTrip() throws {
    try convert(source, to: folder.file("a.gguf")) { $0.type = .format(.f16) }
    try convert(source, to: folder.file("a.gguf.zst")) { $0.type = .format(.f16) }
    let recipe = try #require(Recipe.named("Q4_K_M"))
    for name in ["a.gguf", "a.gguf.zst"] {
      try convert(folder.file(name), to: folder.file("q-" + name)) { $0.type = .recipe(recipe) }
      try convert(folder.file(name), to: folder.file("hf-\(name)/"))
    }
    #expect(try content("q-a.gguf.zst") == stored("q-a.gguf"))
    #expect(try tensorBytes(folder.file("hf-a.gguf")) == tensorBytes(folder.file("hf-a.gguf.zst")))
  }

  @Test("is smaller at a higher level")
  func level() throws {
    for level in [1, 19] {
      try convert(source, to: folder.file("\(level).gguf.zst")) {
        $0.type = .format(.f32)
        $0.compressionLevel = level
      }
    }
    #expect(try content("1.gguf.zst") == content("19.gguf.zst"))
    #expect(try stored("1.gguf.zst").count > stored("19.gguf.zst").count)
  }

  @Test("is split into shards that are compressed each")
  func split() throws {
    try convert(source, to: folder.file("a.gguf.zst")) {
      $0.type = .format(.f16)
      $0.maximumShardByteCount = 200_000
    }
    #expect(folder.names == ["a-00001-of-00002.gguf.zst", "a-00002-of-00002.gguf.zst"])
    try convert(source, to: folder.file("b.gguf")) { $0.type = .format(.f16) }
    #expect(try tensorBytes(folder.file("a-00002-of-00002.gguf.zst")) == tensorBytes(folder.file("b.gguf")))
  }

  @Test("is in a receipt as it is stored")
  func receipt() throws {
    var request = ConversionRequest(destination: folder.file("b.gguf.zst"))
    request.type = .format(.q8_0)
    try convert(source, to: folder.file("a.gguf.zst"))
    let plan = try Planner.plan(Model.open(folder.file("a.gguf.zst"), library: .bundled()), request)
    let outcomes = try Executor.run(plan, threads: 2)
    let json = try Receipt(plan: plan, errors: ErrorSummary(outcomes), options: [], version: "1").json()
    for (member, name) in [("inputs", "a.gguf.zst"), ("outputs", "b.gguf.zst")] {
      let file = try #require(json[member]?.array?.first)
      #expect(file["name"]?.string == name)
      #expect(try file["bytes"]?.integer == stored(name).count)
      #expect(try file["sha256"]?.string == FileDigest.sha256(stored(name)))
    }
  }

  @Test("does not replace its own source, and leaves nothing when it fails")
  func failures() throws {
    try convert(source, to: folder.file("a.gguf.zst"))
    #expect(throws: (any Error).self) {
      try convert(folder.file("a.gguf.zst"), to: folder.file("a.gguf.zst")) { $0.overwrite = .replace }
    }
    var damaged = try stored("a.gguf.zst")
    damaged[damaged.count / 2] ^= 1
    try folder.write(damaged, to: "damaged.gguf.zst")
    #expect(throws: (any Error).self) {
      try convert(folder.file("damaged.gguf.zst"), to: folder.file("c.gguf.zst")) { $0.type = .format(.f32) }
    }
    #expect(folder.names == ["a.gguf.zst", "damaged.gguf.zst"])
  }

  @Test("has no other compression than zstd, and only of files that are written")
  func names() throws {
    for name in ["a.gguf.gz", "a.zst", "a.bin.zst"] {
      #expect(throws: (any Error).self) { try convert(source, to: folder.file(name)) }
    }
    #expect(folder.names.isEmpty)
  }
}

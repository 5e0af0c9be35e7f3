import Bytes
import Conversion
import Models
import Tensors
import TestSupport
import Testing

/// Whole files against those of the reference converter and of llama-quantize, by their SHA-256.
@Suite("A golden file")
struct GoldenFileTests {
  static let names = [
    "llama-gqa", "llama-sharded", "llama3-tied", "llama-yarn", "llama-linear", "llama-dynamic", "yi", "aquila",
    "mistral", "llama-bias",
  ]

  @Test(
    "is byte for byte the reference converter's", arguments: names, [StorageFormat.f32, .f16, .bf16, .q8_0])
  func convertedFile(name: String, type: StorageFormat) throws {
    let folder = TemporaryFolder()
    let output = folder.file("out.gguf")
    try convert(Fixtures.checkpoint(name, in: folder), to: output) {
      $0.type = .format(type)
      // Its SentencePiece pieces come from tokenizer.json.
      $0.departures = name == "mistral" ? .omit : .apply
    }
    try expect(output, of: name, type)
  }

  @Test(
    "is byte for byte llama-quantize's", arguments: ["llama-gqa", "llama3-tied", "yi", "llama-bias"],
    [StorageFormat.q4_0, .q4_1, .q5_0, .q5_1])
  func quantizedFile(name: String, type: StorageFormat) throws {
    let folder = TemporaryFolder()
    let wide = folder.file("wide.gguf"), output = folder.file("out.gguf")
    try convert(Fixtures.path(name), to: wide) { $0.type = .format(.f32) }
    try convert(wide, to: output) { $0.type = .format(type) }
    try expect(output, of: name, type)
  }

  @Test("splits as the reference converter does", arguments: ["150K", "250K"])
  func splitSet(limit: String) throws {
    let folder = TemporaryFolder()
    try convert(Fixtures.path("llama-gqa"), to: folder.file("split.gguf")) {
      $0.type = .format(.bf16)
      $0.maximumShardByteCount = (Int(limit.dropLast()) ?? 0) * 1000
    }
    let shards = try Fixtures.json("expected", "llama-gqa", "bf16-split-\(limit).json").array ?? []
    #expect(folder.names == shards.compactMap { $0["file"]?.string })
    for shard in shards {
      let file = try LocalFile(folder.file(shard["file"]?.string ?? ""))
      #expect(file.byteCount == shard["byteCount"]?.integer)
      #expect(try FileDigest.sha256(file) == shard["sha256"]?.string)
    }
  }

  @Test("makes the same bytes on any number of threads", arguments: [1, 2, 3, 8])
  func threads(count: Int) throws {
    let folder = TemporaryFolder()
    let output = folder.file("out.gguf")
    try convert(Fixtures.path("yi"), to: output, threads: count) { $0.type = .format(.q8_0) }
    try expect(output, of: "yi", .q8_0)
  }

  @Test("writes the metadata of every variant", arguments: Fixtures.variantNames)
  func variant(name: String) throws {
    let description = try Fixtures.json("variants", name, "variant.json")
    let base = Fixtures.path(try #require(description["base"]?.string))
    let folder = TemporaryFolder()
    let copy = folder.file(try #require(description["folderName"]?.string))
    try FileSystem.createFolder(copy)
    let removed = Set((description["removed"]?.array ?? []).compactMap(\.string))
    for file in try FileSystem.list(base) where !removed.contains(file) {
      try AtomicFile.write(try contents(base, file), to: Path.join(copy, file), overwrite: .replace)
    }
    for file in (description["replaced"]?.array ?? []).compactMap(\.string) {
      try AtomicFile.write(
        try contents(Fixtures.path("variants", name), file), to: Path.join(copy, file), overwrite: .replace)
    }
    let output = folder.file("out.gguf")
    try convert(copy, to: output) {
      $0.type = .format(.f32)
      $0.departures = .omit
    }
    let baseName = try #require(description["base"]?.string)
    var baseValues: [String: JSON] = [:]
    for entry in try Fixtures.json("expected", baseName, "metadata.json").array ?? [] {
      baseValues[entry["key"]?.string ?? ""] = entry
    }
    let expected = (try Fixtures.json("variants", name, "expected.metadata.json").array ?? []).map { entry in
      entry["sameAsBase"] == nil ? entry : baseValues[entry["key"]?.string ?? ""] ?? entry
    }
    let metadata = try Model.open(output, library: try .bundled()).checkpoint.metadata
    #expect(metadata.pairs.keys.map(\.text) == expected.compactMap { $0["key"]?.string })
    for entry in expected {
      let key = entry["key"]?.string ?? ""
      #expect(metadata[key]?.fixtureJSON == entry["value"]?.comparable, "\(key)")
    }
  }

  private func contents(_ folder: String, _ name: String) throws -> [UInt8] {
    try LocalFile(Path.join(folder, name)).wholeContent(limit: 16 << 20)
  }

  private func expect(_ path: String, of name: String, _ type: StorageFormat) throws {
    let file = try LocalFile(path), expected = try ExpectedGGUFs(name), label = type.name.lowercased()
    #expect(file.byteCount == expected.byteCount(label))
    #expect(try FileDigest.sha256(file) == expected.digest(label))
  }
}

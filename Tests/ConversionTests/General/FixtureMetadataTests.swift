import Bytes
import Tensors
import TestSupport
import Testing

@testable import Conversion

@Suite("The metadata of a fixture")
struct FixtureMetadataTests {
  static let checkpoints = [
    "aquila", "llama-bias", "llama-dynamic", "llama-gqa", "llama-linear", "llama-sharded", "llama-yarn", "llama3-tied",
    "mistral", "yi",
  ]
  static let variants: [String] = {
    let names = try? FileSystem.list(Fixtures.path("variants"))
    return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }()

  /// The entries of `general.*` at the beginning of a golden file, behind the architecture.
  private static func expected(_ path: String) throws -> [JSON] {
    let entries = try #require(JSON(parsing: LocalFile(path).wholeContent(limit: 1 << 24)).array)
    return entries.dropFirst().prefix { $0["key"]?.string?.hasPrefix("llama.") == false }
      .map { .array([$0["key"] ?? .null, $0["value"] ?? .null]) }
  }

  private static func read(_ path: String) throws -> [UInt8]? {
    guard FileSystem.kind(of: path) == .regular else { return nil }
    return try LocalFile(path).wholeContent(limit: 1 << 24)
  }

  private static func found(base: String, folderName: String, read: (String) throws -> [UInt8]?) throws -> [JSON] {
    let metadata = GeneralMetadata(
      .init(
        folderName: folderName, parameterCount: try ExpectedGGUFs(base).parameterCount,
        config: try read("config.json").map { try JSON(parsing: $0) },
        generationConfig: try read("generation_config.json").map { try JSON(parsing: $0) },
        card: try read("README.md").map { ModelCard(readme: $0) } ?? .none))
    #expect(metadata.remarks == [])
    return metadata.pairs.map { key, value in
      let described: JSON =
        switch value {
        case .float32(let value): .real(Double(value))
        case .array(.string(let texts)): .array(texts.map { .string(String(decoding: $0, as: UTF8.self)) })
        default: value.text.map(JSON.string) ?? value.integer.map { .integer($0) } ?? .null
        }
      return .array([.string(key), described])
    }
  }

  @Test("the entries of a checkpoint are those of the reference", arguments: checkpoints)
  func checkpoint(name: String) throws {
    let found = try Self.found(base: name, folderName: name) { try Self.read(Fixtures.path(name, $0)) }
    #expect(try found == Self.expected(Fixtures.path("expected", name, "metadata.json")))
  }

  @Test("the entries of a changed checkpoint are those of the reference", arguments: variants)
  func variant(name: String) throws {
    let bytes = try #require(try Self.read(Fixtures.path("variants", name, "variant.json")))
    let facts = try JSON(parsing: bytes)
    let base = try #require(facts["base"]?.string)
    let found = try Self.found(base: base, folderName: try #require(facts["folderName"]?.string)) { file in
      if facts["removed"]?.array?.contains(.string(file)) == true { return nil }
      return try Self.read(Fixtures.path("variants", name, file)) ?? Self.read(Fixtures.path(base, file))
    }
    #expect(try found == Self.expected(Fixtures.path("variants", name, "expected.metadata.json")))
  }

  @Test("has variants to test")
  func variantsTest() {
    #expect(Self.variants.count > 20)
  }
}

import Bytes
import TestSupport

@testable import Tokenization

/// A checkpoint of the fixtures with some files removed and others laid over it.
struct FixtureVariant {
  let name: String
  let base: String
  /// The folder with the files, for as long as this value lives.
  let folder: TemporaryFolder

  /// The names of all variants whose base has a tokenizer.
  static let names: [String] = ((try? FileSystem.list(Fixtures.path("variants"))) ?? []).sorted()

  init(_ name: String) throws {
    self.name = name
    let description = try JSON(parsing: Self.content(Fixtures.path("variants", name, "variant.json")))
    base = description["base"]?.string ?? ""
    folder = TemporaryFolder()
    let removed = (description["removed"]?.array ?? []).compactMap(\.string)
    for file in try FileSystem.list(Fixtures.path(base)) where !file.hasSuffix(".safetensors") {
      guard !removed.contains(file) else { continue }
      try folder.write(Self.content(Fixtures.path(base, file)), to: file)
    }
    for file in (description["replaced"]?.array ?? []).compactMap(\.string) {
      try folder.write(Self.content(Fixtures.path("variants", name, file)), to: file)
    }
  }

  var expectedMetadata: String { Fixtures.path("variants", name, "expected.metadata.json") }
  var baseMetadata: String { Fixtures.path("expected", base, "metadata.json") }

  private static func content(_ path: String) throws -> [UInt8] { try LocalFile(path).wholeContent(limit: 1 << 24) }
}

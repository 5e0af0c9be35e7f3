import Bytes
import FuzzTargets
import TestSupport
import Testing

/// The inputs that fuzzing found, each of which takes another way through a reader.
@Suite("The corpus of a fuzzed reader")
struct CorpusTests {
  private static let folder = Fixtures.packagePath("Fuzz", "Corpus")

  @Test("breaks no law", arguments: FuzzTarget.all.map(\.name))
  func replay(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let folder = Path.join(Self.folder, name)
    let inputs = try FileSystem.list(folder)
    #expect(!inputs.isEmpty)
    for input in inputs {
      let bytes = try LocalFile(Path.join(folder, input)).wholeContent(limit: 1 << 20)
      #expect(target.finding(bytes) == nil, "\(name)/\(input)")
      #expect(bytes.count <= target.maximumByteCount, "\(name)/\(input) is longer than inputs that are tried")
    }
  }

  @Test("belongs to a target")
  func folders() throws {
    #expect(try FileSystem.list(Self.folder) == FuzzTarget.all.map(\.name).sorted())
  }
}

@Suite("The page about fuzzing")
struct FuzzingPageTests {
  @Test("has every target with its law")
  func rows() throws {
    let page = try LocalFile(Fixtures.packagePath("docs", "fuzzing.md")).wholeContent(limit: 1 << 20)
    let lines = String(decoding: page, as: UTF8.self).split(separator: "\n")
    let missing = FuzzTarget.all.map { "| `\($0.name)` | \($0.summary) |" }.filter { row in
      !lines.contains { $0.hasPrefix(row) }
    }
    #expect(missing == [])
  }
}

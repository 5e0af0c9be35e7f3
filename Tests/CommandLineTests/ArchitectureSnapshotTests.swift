import Architectures
import Bytes
import Foundation
import Testing

/// What every definition is after it has inherited: one file each, so that a changed base shows whom it changes.
///
/// A new definition needs no line here: `INGOT_REGENERATE_SNAPSHOTS=1` writes its file, whose content is then reviewed.
@Suite("The definition of every architecture")
struct ArchitectureSnapshotTests {
  static let names = (try? ArchitectureLibrary.bundled().definitions.map(\.name)) ?? []
  private static let folder = Program.packageFolder + "/Tests/CommandLineTests/Snapshots/architectures"

  @Test("is the one that was reviewed", arguments: names)
  func resolved(name: String) throws {
    try Snapshot("architectures/" + name, "architectures", name).check()
  }

  @Test("is listed on a line of its own, with its summary")
  func list() throws {
    let run = try Program.run(["architectures"])
    let lines = run.output.split(separator: "\n").dropFirst()
    #expect(lines.map { $0.prefix { $0 != " " } }.map(String.init) == Self.names)
    for (line, definition) in zip(lines, try ArchitectureLibrary.bundled().definitions) {
      #expect(line.hasSuffix("  " + definition.summary))
    }
  }

  @Test("is in the JSON list")
  func json() throws {
    let list = try JSON(parsing: Array(Program.run(["architectures", "--json"]).output.utf8))
    #expect(list["architectures"]?.array?.map { $0["name"]?.string } == Self.names)
    for name in Self.names.prefix(1) {
      let one = try JSON(parsing: Array(Program.run(["architectures", name, "--json"]).output.utf8))
      #expect(one == list["architectures"]?.array?.first)
    }
  }

  @Test("has every file of the folder")
  func noFileIsLeftOver() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    #expect(files.sorted() == Self.names.map { $0 + ".txt" }.sorted())
  }
}

import Bytes
import Foundation
import TestSupport
import Testing
import Verification

/// The table of known faults in the documentation, between two comments of the page that has them.
///
/// `INGOT_REGENERATE_SNAPSHOTS=1` writes the table into the page.
@Suite("The known faults")
struct FaultTableTests {
  private static let start = "<!-- begin generated: faults -->\n"
  private static let end = "<!-- end generated: faults -->"

  @Test("are listed in the documentation")
  func table() throws {
    let folder = Fixtures.packagePath("docs")
    let pages = try FileSystem.list(folder).filter { $0.hasSuffix(".md") }.map { folder + "/" + $0 }
    let page = try #require(pages.first { try String(contentsOfFile: $0, encoding: .utf8).contains(Self.start) })
    let text = try String(contentsOfFile: page, encoding: .utf8)
    let start = try #require(text.range(of: Self.start)), end = try #require(text.range(of: Self.end))
    let table = FaultRegistry.table
    let rows = [table.columns.map(\.title), table.columns.map { _ in "---" }] + table.rows
    let expected = rows.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    if ProcessInfo.processInfo.environment["INGOT_REGENERATE_SNAPSHOTS"] != nil {
      try text.replacingCharacters(in: start.upperBound..<end.lowerBound, with: expected)
        .write(toFile: page, atomically: true, encoding: .utf8)
    } else {
      #expect(text[start.upperBound..<end.lowerBound] == expected)
    }
  }

  @Test("are the files of their folder")
  func files() throws {
    let files = try FileSystem.list(Fixtures.packagePath("Sources", "Verification", "Faults"))
    #expect(files.count { $0.hasSuffix("Fault.swift") && $0 != "KnownFault.swift" } == FaultRegistry.table.rows.count)
  }

  @Test("have names of their own")
  func names() {
    let names = FaultRegistry.table.rows.map { $0[0] }
    #expect(Set(names).count == names.count)
  }
}

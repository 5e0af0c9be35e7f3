import Foundation

/// A table in the documentation that the program's own facts make, between two comments of the page that has it.
///
/// `INGOT_REGENERATE_SNAPSHOTS=1` writes the table into the page.
public struct GeneratedTable {
  /// The table as the page has it.
  public let found: String
  /// The table as the facts make it.
  public let expected: String

  /// Finds the page with the table `name`, and rewrites it if that is asked for.
  ///
  /// - Throws: if no page has it.
  public init(_ name: String, titles: [String], rows: [[String]]) throws {
    let start = "<!-- begin generated: \(name) -->\n", end = "<!-- end generated: \(name) -->"
    let lines = [titles, titles.map { _ in "---" }] + rows
    expected = lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    let folder = Fixtures.packagePath("docs")
    for page in try FileManager.default.contentsOfDirectory(atPath: folder) where page.hasSuffix(".md") {
      let path = folder + "/" + page
      let text = try String(contentsOfFile: path, encoding: .utf8)
      guard let first = text.range(of: start), let last = text.range(of: end) else { continue }
      let range = first.upperBound..<last.lowerBound
      guard ProcessInfo.processInfo.environment["INGOT_REGENERATE_SNAPSHOTS"] != nil else {
        found = String(text[range])
        return
      }
      found = expected
      try text.replacingCharacters(in: range, with: expected)
        .write(toFile: path, atomically: true, encoding: .utf8)
      return
    }
    throw Absent(name: name)
  }

  /// No page has the table.
  struct Absent: Error {
    let name: String
  }
}

import Foundation
import TestSupport
import Testing

/// Every `console` block of the documentation is run, and what the program prints is compared with what the page says.
///
/// A block is lines `$ COMMAND` and their output. The commands of a page run one after the other in one empty folder
/// that has `fixtures` in it. A block that begins with ```` ```json FILE ```` is written to that file first.
/// `INGOT_REGENERATE_SNAPSHOTS=1` writes the output into the page.
@Suite("The documentation")
struct DocumentationTests {
  static let pages: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: Program.packageFolder + "/docs")) ?? []
    return ["README.md", "CONTRIBUTING.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
  }()

  @Test("shows what the program prints", arguments: pages)
  func examples(page: String) throws {
    let path = Program.packageFolder + "/" + page
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let folder = TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("fixtures"), withDestinationPath: Program.packageFolder + "/fixtures")
    let checked = try Self.rerun(text, in: folder)
    try FileManager.default.removeItem(atPath: folder.file("fixtures"))
    if ProcessInfo.processInfo.environment["INGOT_REGENERATE_SNAPSHOTS"] != nil {
      if Self.withoutTimes(text) != Self.withoutTimes(checked) {
        try checked.write(toFile: path, atomically: true, encoding: .utf8)
      }
    } else {
      #expect(Self.withoutTimes(text) == Self.withoutTimes(checked), "\(page) shows other output")
    }
  }

  /// The page with the output of every command replaced by what it prints now.
  private static func rerun(_ text: String, in folder: TemporaryFolder) throws -> String {
    var lines: [Substring] = []
    var isConsole = false
    var file: (name: String, lines: [Substring])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isConsole = line == "```console"
        if let file { try folder.write(Array((file.lines + [""]).joined(separator: "\n").utf8), to: file.name) }
        file = line.wholeMatch(of: /```json (\S+)/).map { (String($0.1), []) }
      } else {
        file?.lines.append(line)
      }
      guard isConsole, !line.hasPrefix("```") else {
        lines.append(line)
        continue
      }
      guard line.hasPrefix("$ ") else { continue }
      lines.append(line)
      let command = line.dropFirst(2)
      let run = try Program.shell("ingot() { \"$ingot\" \"$@\"; }; { \(command); } 2>&1", in: folder.path)
      lines += run.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }
    return lines.joined(separator: "\n")
  }

  /// Times and rates differ from run to run.
  private static func withoutTimes(_ text: String) -> String {
    text.replacing(/\d+\.\d+ s \([^)]*\)/, with: "TIME").replacing(/"seconds": [0-9.e-]+/, with: "TIME")
  }
}

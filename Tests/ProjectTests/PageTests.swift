import Foundation
import Testing

@Suite("The pages")
struct PageTests {
  static let pages: [String] = {
    let docs = (try? FileManager.default.contentsOfDirectory(atPath: Project.path("docs"))) ?? []
    return [
      "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "fixtures/README.md", "Benchmarks/README.md", "Trials/README.md",
    ] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
  }()

  @Test("link to files that are there", arguments: pages)
  func links(page: String) throws {
    let folder = URL(fileURLWithPath: Project.path(page)).deletingLastPathComponent()
    for match in try Project.text(of: page).matches(of: /\]\(([^)#]+)[^)]*\)/) where !match.1.contains("://") {
      let target = folder.appendingPathComponent(String(match.1)).path
      #expect(FileManager.default.fileExists(atPath: target), "\(page) links to \(match.1)")
    }
  }

  @Test("link to headings that are there", arguments: pages)
  func anchors(page: String) throws {
    let folder = URL(fileURLWithPath: Project.path(page)).deletingLastPathComponent()
    for match in try Project.text(of: page).matches(of: /\]\(([^)#:]*)#([^)]+)\)/) {
      let target = match.1.isEmpty ? Project.path(page) : folder.appendingPathComponent(String(match.1)).path
      let headings = try String(contentsOfFile: target, encoding: .utf8).matches(of: /(?m)^#+ (.*)$/)
      #expect(headings.map { Self.anchor(of: $0.1) }.contains(String(match.2)), "\(page) links to \(match.0)")
    }
  }

  /// The anchor that GitHub gives a heading.
  private static func anchor(of heading: Substring) -> String {
    heading.lowercased().replacing(/[^\w\s-]/, with: "").replacing(" ", with: "-")
  }

  @Test("begin with a README of at most 180 lines")
  func readme() throws {
    #expect(try Project.text(of: "README.md").split(separator: "\n", omittingEmptySubsequences: false).count <= 181)
  }

  @Test("have changelog entries of at most 25 words that begin with the command, flag or API")
  func changelog() throws {
    let text = try Project.text(of: "CHANGELOG.md").replacing("\n  ", with: " ")
    let entries = text.split(separator: "\n").filter { $0.hasPrefix("- ") }.map { $0.dropFirst(2) }
    #expect(entries.count > 50)
    for entry in entries {
      #expect(entry.split(separator: " ").count <= 25, "\(entry)")
      #expect(entry.prefixMatch(of: #/`|Architectures: |Tokenizers: /#) != nil, "\(entry)")
    }
  }

  @Test("name every schema that the program writes")
  func schemas() throws {
    let documented = try Project.text(of: "docs/json.md")
    for file in try Project.swiftFiles(under: "Sources") {
      for match in try Project.text(of: file).matches(of: /"(ingot\.[a-z]+\/[0-9]+)"/) {
        #expect(documented.contains("`\(match.1)`"), "docs/json.md does not describe \(match.1)")
      }
    }
  }
}

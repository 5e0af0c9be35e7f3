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

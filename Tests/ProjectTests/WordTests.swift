import Foundation
import Testing

/// Words that hide the meaning, and how often comments, string literals and pages have them.
///
/// The counts may only fall: a new use fails, and so does a count above that of the tree.
private let allowed: [(word: String, count: Int)] = [
  ("behind", 0), ("whatever", 0), ("stands", 0), ("anew", 0), ("besides", 0), ("likeliest", 0), ("honest", 0),
  ("leads one to expect", 0), ("so it is with", 0), ("is no", 0),
]

@Suite("The words")
struct WordTests {
  /// The comments and string literals of every source file, and every page, by path.
  private static let prose: [(file: String, text: String)] = {
    let sources = (try? Project.swiftFiles(under: "Sources")) ?? []
    let definitions = (try? Project.files(under: "Sources/Architectures/Definitions", suffix: ".json")) ?? []
    return sources.map { ($0, prose(ofSwift: $0)) } + (definitions + PageTests.pages).map { ($0, text(of: $0)) }
  }()

  @Test("that hide the meaning are as few as the table says", arguments: allowed)
  func count(word: String, count: Int) throws {
    let pattern = try Regex("\\b" + word.replacing(" ", with: "\\s+") + "\\b").ignoresCase().wordBoundaryKind(.simple)
    let found = Self.prose.flatMap { prose in prose.text.matches(of: pattern).map { _ in prose.file } }
    #expect(Self.prose.count > 100)
    #expect(found.count <= count, "\"\(word)\" is used \(found.count) times: \(Array(Set(found).sorted().prefix(5)))")
    #expect(found.count >= count, "\"\(word)\" is used only \(found.count) times: lower its count in the table")
  }

  private static func text(of file: String) -> String { (try? Project.text(of: file)) ?? "" }

  /// The comments and string literals of a file; lines of one comment are joined.
  private static func prose(ofSwift file: String) -> String {
    let literalOrComment = /"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*/
    return text(of: file).replacing(/\n *\/\/\/? ?/, with: "\n// ").matches(of: literalOrComment)
      .map { $0.0.replacing(/^\/\/ ?/, with: "") }.joined(separator: "\n")
  }
}

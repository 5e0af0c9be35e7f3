import TestSupport
import Testing
import Verification

@Suite("A difference of texts")
struct TextDifferenceTests {
  /// Two texts and the lines that GNU diff 3.8 prints with `-u`, without the two headings.
  private static let cases: [(String, String, [String])] = [
    ("a\nb\nc\n", "a\nB\nc\n", ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"]),
    ("", "a\n", ["@@ -0,0 +1 @@", "+a"]),
    ("a\nb\n", "", ["@@ -1,2 +0,0 @@", "-a", "-b"]),
    (
      (1...20).map { "\($0)\n" }.joined(), (1...20).map { $0 == 2 ? "two\n" : $0 == 18 ? "" : "\($0)\n" }.joined(),
      [
        "@@ -1,5 +1,5 @@", " 1", "-2", "+two", " 3", " 4", " 5", "@@ -15,6 +15,5 @@", " 15", " 16", " 17", "-18",
        " 19", " 20",
      ]
    ),
  ]

  @Test("has the lines of diff -u", arguments: cases.indices)
  func lines(index: Int) throws {
    let (reference, candidate, expected) = Self.cases[index]
    #expect(TextDifference("text", reference, candidate)?.lines == expected)
  }

  @Test("of equal texts is none")
  func equal() { #expect(TextDifference("text", "a\nb", "a\nb") == nil) }

  @Test("says where the final newline is missing")
  func newline() {
    #expect(
      TextDifference("text", "a", "a\n")?.lines == ["@@ -1 +1 @@", "-a (no newline at the end)", "+a"])
  }

  @Test("turns one text into the other, whatever differs", arguments: 0..<60)
  func application(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    func text() -> [String] {
      (0..<Int.random(in: 0...30, using: &generator)).map { _ in String(Int.random(in: 0...5, using: &generator)) }
    }
    let old = text(), new = text()
    let join = { (lines: [String]) in lines.map { $0 + "\n" }.joined() }
    guard let difference = TextDifference("text", join(old), join(new)) else {
      #expect(old == new)
      return
    }
    var result: [String] = [], next = 0
    for line in difference.lines {
      let content = String(line.dropFirst())
      switch line.first {
      case "@":
        let start = try #require(Int(line.dropFirst(4).prefix { $0.isNumber }))
        let isEmpty = line.dropFirst(4).drop { $0.isNumber }.hasPrefix(",0")
        let end = isEmpty ? start : start - 1
        result += old[next..<end]
        next = end
      case "-":
        #expect(old[next] == content)
        next += 1
      case "+": result.append(content)
      default:
        #expect(old[next] == content)
        result.append(content)
        next += 1
      }
    }
    #expect(result + old[next...] == new)
  }

  @Test("of texts that differ entirely is short work")
  func longTexts() throws {
    let old = (0..<6000).map { "a\($0)\n" }.joined(), new = (0..<6000).map { "b\($0)\n" }.joined()
    let difference = try #require(TextDifference("text", old, new))
    #expect(difference.lines.count == 12_001)
  }
}

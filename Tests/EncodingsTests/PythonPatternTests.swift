import Bytes
import TestSupport
import Testing

@testable import Encodings

/// Patterns that Python's `re` ran: fixtures/compressed-tensors/patterns.json.
@Suite("A pattern of Python")
struct PythonPatternTests {
  /// What Python reads and ingot refuses.
  static let refused = [
    "(?<=a)b": "has lookbehind", #"(a)\1"#: #"has a reference \1"#, "(?i)MODEL": "has a group that is not read, (?i",
    "(?>a+)b": "has a group that is not read, (?>", "a++b": "has a possessive repetition",
  ]

  private static func cases() throws -> (names: [String], patterns: [(text: String, matched: [Int]?)]) {
    let file = try LocalFile(Fixtures.path("compressed-tensors", "patterns.json")).wholeContent(limit: 1 << 20)
    let json = try JSON(parsing: file)
    let names = try #require(json["names"]?.array).compactMap(\.string)
    let patterns = try #require(json["patterns"]?.array).map { item in
      (try #require(item.array?.first?.string), item.array?.last?.array?.compactMap(\.integer))
    }
    return (names, patterns)
  }

  @Test("matches the names that Python's re.match finds")
  func matches() throws {
    let (names, patterns) = try Self.cases()
    #expect(patterns.count == 93)
    for (text, expected) in patterns where Self.refused[text] == nil {
      guard let expected else {
        #expect(throws: PythonPatternError.self, "\(text)") { try PythonPattern(text) }
        continue
      }
      let pattern = try PythonPattern(text)
      var steps = Int.max
      let found = try names.indices.filter { try pattern.matches(names[$0], steps: &steps) }
      #expect(found == expected, "\(text)")
    }
  }

  @Test("is refused by name where it needs more", arguments: refused)
  func refusals(text: String, fact: String) {
    let error = #expect(throws: PythonPatternError.self) { try PythonPattern(text) }
    #expect(error?.fact == fact)
  }

  @Test("takes time in proportion to the name, however it is nested")
  func time() throws {
    let name = String(repeating: "a", count: 900)
    for text in ["(a|a)*b", "(a*)*b", "(a*)*(a*)*(a*)*b", "(a|aa)+$x", ".*.*.*.*.*b"] {
      var steps = 1_000_000
      #expect(try !PythonPattern(text).matches(name, steps: &steps), "\(text)")
    }
  }

  @Test("stops when the budget is used up")
  func budget() throws {
    let name = String(repeating: "a", count: 900)
    var steps = 1_000
    let error = #expect(throws: PythonPatternError.self) { try PythonPattern("(a|a)*b").matches(name, steps: &steps) }
    #expect(error?.fact == "takes too long")
  }

  @Test(
    "is refused if it is too large",
    arguments: [
      "((a{100}){100}){100}", "a{1001}", "a{99999999}",
      String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
      String(repeating: "a", count: 2_001), "(((((a{1000}){1000}){1000}){1000}){1000})*",
    ])
  func size(text: String) {
    let error = #expect(throws: PythonPatternError.self) { try PythonPattern(text) }
    #expect(error?.fact == "is too large")
  }
}

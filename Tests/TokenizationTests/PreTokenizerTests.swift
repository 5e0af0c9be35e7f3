import Bytes
import TestSupport
import Testing

@testable import Tokenization

@Suite("A pre-tokenizer")
struct PreTokenizerTests {
  /// One known pre-tokenizer with texts and the words that the tokenizers library makes of them.
  struct Golden: CustomTestStringConvertible {
    let name: String
    let preTokenizer: JSON
    let cases: [(text: String, words: [String])]

    var testDescription: String { name }

    static let all: [Golden] = {
      let path = Fixtures.path("tokenization", "splits.json")
      let json = try? JSON(parsing: LocalFile(path).wholeContent(limit: 1 << 22))
      return (json?.array ?? []).map { entry in
        Golden(
          name: entry["name"]?.string ?? "", preTokenizer: entry["preTokenizer"] ?? .null,
          cases: (entry["cases"]?.array ?? []).map { item in
            (item["text"]?.string ?? "", (item["words"]?.array ?? []).compactMap(\.string))
          })
      }
    }()
  }

  @Test("has golden texts")
  func goldenCount() {
    #expect(Golden.all.count == 10)
    #expect(Golden.all.allSatisfy { $0.cases.count > 50 })
  }

  @Test("is recognized by its sequence of steps", arguments: Golden.all)
  func recognition(golden: Golden) throws {
    let rules = try #require(PreTokenizer.named(golden.name))
    let tokenizer = JSON.members([
      "pre_tokenizer": golden.preTokenizer, "model": .members(["ignore_merges": .bool(rules.ignoresMerges)]),
    ])
    #expect(try PreTokenizer.name(of: tokenizer) == golden.name)
  }

  @Test("cuts text into the words of the tokenizers library", arguments: Golden.all)
  func words(golden: Golden) throws {
    let splitter = try CompiledPreTokenizer(#require(PreTokenizer.named(golden.name)).steps)
    for (text, expected) in golden.cases {
      let scalars = text.unicodeScalars.map(\.value)
      var words: [[UInt32]] = []
      splitter.words(of: scalars, 0..<scalars.count) { words.append(Array(scalars[$0])) }
      #expect(words == expected.map { $0.unicodeScalars.map(\.value) }, "\(text)")
    }
  }

  @Test("is written as a sequence of steps that is recognized", arguments: PreTokenizer.known)
  func writtenArrangement(rules: PreTokenizer) throws {
    let name = try PreTokenizer.name(of: .members(["pre_tokenizer": rules.json()]))
    #expect(PreTokenizer.named(name)?.steps == rules.steps)
  }

  @Test(
    "refuses an unknown sequence of steps",
    arguments: [
      (#"{"type":"Whitespace"}"#, "Whitespace"),
      (
        #"{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":false},{"type":"ByteLevel"}]}"#,
        "Digits in runs, ByteLevel"
      ),
      (#"{"type":"Split","pattern":{"Regex":"a+"},"behavior":"Isolated","invert":false}"#, #"Split "a+""#),
      ("null", "none"),
    ])
  func unknownArrangement(text: String, words: String) throws {
    let tokenizer = JSON.members(["pre_tokenizer": try JSON(parsing: Array(text.utf8))])
    let message =
      "tokenizer.json: unknown pre-tokenizer \(words) (pass the nearest known one with --pre-tokenizer NAME)"
    #expect { try PreTokenizer.name(of: tokenizer) } throws: { "\($0)" == message }
  }

  @Test(
    "intersects sets, and knows the script Han",
    arguments: [
      (#"[\p{L}&&[^\p{Han}]]"#, "aé가", "今々1"), (#"[^\p{L}&&[^\p{Han}]]"#, "今1", "aé"),
      ("[a-f&&c-z&&[^d]]", "cef", "abdg"),
      (#"\p{Han}"#, "今々〇⺀\u{20000}", "かa1"), (#"\P{Han}"#, "かa1", "今々"), ("[a&b]", "a&b", "c"),
    ])
  func intersections(pattern: String, inside: String, outside: String) throws {
    let compiled = try Pattern(pattern)
    func matches(_ scalar: Unicode.Scalar) -> Bool { compiled.matchEnd(in: [scalar.value], 0..<1, at: 0) == 1 }
    #expect(inside.unicodeScalars.allSatisfy(matches))
    #expect(!outside.unicodeScalars.contains(where: matches))
  }

  @Test(
    "refuses an expression it does not know",
    arguments: [
      ("(a", "\"(\" without \")\""), ("a)", "\")\" without \"(\""), ("[a", "ends early"),
      ("a{2", "a repetition without numbers"),
      ("(?<=a)b", "an unknown kind of group"), (#"\p{Nope}"#, "the property \"Nope\""), ("*a", "nothing to repeat"),
      ("(ab)+", "a group that repeats without bound"), (#"\k"#, #"the escape \k"#), ("a+?", "a reluctant repetition"),
      ("[[:alpha:]]", "a POSIX bracket"), ("[a&&b", "ends early"), (#"\p{Hand}"#, "the property \"Hand\""),
      ("[b-a]", "a range whose ends are not two scalars in order"),
      ("a{3,2}", "a repetition whose bounds are reversed"),
    ])
  func unknownExpression(pattern: String, reason: String) {
    #expect { try Pattern(pattern) } throws: {
      "\($0)".hasPrefix("regular expression \(pattern.quoted): \(reason) at ")
    }
  }

  @Test("splits a long text without deep recursion")
  func longText() throws {
    let splitter = try CompiledPreTokenizer(#require(PreTokenizer.named("gpt-4o")).steps)
    for unit in ["A", "a", " ", "\n", "1", "!", "文", "\u{301}"] {
      let scalars = [UInt32](repeating: unit.unicodeScalars.first?.value ?? 0, count: 200_000)
      var count = 0
      splitter.words(of: scalars, 0..<scalars.count) { count += $0.count }
      #expect(count == scalars.count)
    }
  }
}

import Bytes
import Testing

@Suite("JSON")
struct JSONTests {
  static let valid: [(text: String, compact: String)] = [
    ("null", "null"), (" true ", "true"), ("[1, 2.50, -3e-05]", "[1,2.50,-3e-05]"),
    (#"{"b":1,"a":[]}"#, #"{"b":1,"a":[]}"#), (#""\u00e9\ud83d\ude00\n""#, "\"é😀\\n\""),
    ("{\"e\u{301}\":1,\"\u{e9}\":2}", "{\"e\u{301}\":1,\"\u{e9}\":2}"),
  ]

  @Test("reads and writes", arguments: valid)
  func roundTrip(text: String, compact: String) throws {
    #expect(try JSON(parsing: Array(text.utf8)).text(.compact) == compact)
  }

  static let invalid: [(text: String, message: String)] = [
    ("", "JSON at byte 0: ends before the value is complete"),
    ("{\"a\":1,}", "JSON at byte 7: expected a key, found \"}\""),
    ("[1 2]", "JSON at byte 3: expected \",\" or \"]\", found \"2\""),
    ("01", "JSON at byte 1: not a valid number"),
    ("NaN", "JSON at byte 0: expected a value, found \"N\""),
    ("{} x", "JSON at byte 3: text follows the value"),
    (#"{"a":1,"\u0061":2}"#, "JSON at byte 7: key \"a\" occurs twice"),
    (#""\ud800""#, "JSON at byte 7: not a valid escape in a string"),
    ("\"a\nb\"", "JSON at byte 2: unescaped control character in a string"),
    ("\u{FEFF}{}", "JSON at byte 0: expected a value, found byte 0xef"),
  ]

  @Test("rejects", arguments: invalid)
  func rejection(text: String, message: String) {
    #expect { try JSON(parsing: Array(text.utf8)) } throws: { "\($0)" == message }
  }

  static let pythons: [(text: String, compact: String, exceptions: [JSONException])] = [
    (
      "{\"a\": [0.0, Infinity, -Infinity, NaN]}", "{\"a\":[0.0,Infinity,-Infinity,NaN]}", [.nonFiniteNumber("Infinity")]
    ),
    ("\u{FEFF}{\"a\": 1}", "{\"a\":1}", [.byteOrderMark]),
    (#"{"a":1,"b":2,"a":3}"#, #"{"a":3,"b":2}"#, [.duplicateKey("a")]),
    ("\u{FEFF}NaN", "NaN", [.byteOrderMark, .nonFiniteNumber("NaN")]), ("[-1, 2.5]", "[-1,2.5]", []),
  ]

  @Test("reads what Python reads", arguments: pythons)
  func python(text: String, compact: String, exceptions: [JSONException]) throws {
    let (value, found) = try JSON.parsingAsPython(Array(text.utf8))
    #expect(value.text(.compact) == compact)
    #expect(found == exceptions)
  }

  static let alsoInvalid: [(bytes: [UInt8], message: String)] = [
    (Array("{\"a\":1,}".utf8), "JSON at byte 7: expected a key, found \"}\""),
    (Array("Infinite".utf8), "JSON at byte 0: expected a value, found \"I\""),
    (Array("-Inf".utf8), "JSON at byte 1: not a valid number"),
    (Array("nan".utf8), "JSON at byte 0: expected a value, found \"n\""),
    (Array("\u{FEFF}".utf8), "JSON at byte 3: ends before the value is complete"),
    ([0xFF, 0xFE, 0x7B, 0, 0x7D, 0], "JSON at byte 0: the text is UTF-16, expected UTF-8 (save the file as UTF-8)"),
  ]

  @Test("rejects what Python rejects", arguments: alsoInvalid)
  func rejectionAsPython(bytes: [UInt8], message: String) {
    #expect { try JSON.parsingAsPython(bytes) } throws: { "\($0)" == message }
  }

  @Test("reads numbers that are not finite as reals only")
  func nonFinite() throws {
    let value = try JSON.parsingAsPython(Array("[Infinity, NaN]".utf8)).value
    #expect(value.array?.map(\.integer) == [nil, nil])
    #expect(value.array?[0].real == .infinity && value.array?[1].real?.isNaN == true)
  }

  @Test("refuses deep nesting without recursing into it")
  func deepNesting() {
    let text = String(repeating: "[", count: 100_000)
    #expect { try JSON(parsing: Array(text.utf8)) } throws: {
      "\($0)" == "JSON at byte 64: nested deeper than 64 levels"
    }
  }

  @Test(
    "spells reals as Python does",
    arguments: [
      (1e-05, "1e-05"), (10000.0, "10000.0"), (0.0001, "0.0001"), (1e16, "1e+16"), (123456.789, "123456.789"),
      (-0.5, "-0.5"), (5e6, "5000000.0"), (1.5e-7, "1.5e-07"), (0.0, "0.0"),
    ])
  func realSpelling(value: Double, text: String) {
    #expect(JSON.real(value).text() == text)
  }
}

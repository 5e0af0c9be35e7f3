import Testing

@testable import Bytes

@Suite("Wording")
struct WordingTests {
  @Test("groups digits", arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
  func grouping(value: Int, text: String) {
    #expect(value.grouped == text)
  }

  @Test("words sizes", arguments: [(0, "0 B"), (1023, "1,023 B"), (1024, "1.0 KiB"), (48_129_638, "45.9 MiB")])
  func sizes(value: Int, text: String) {
    #expect(value.byteSize == text)
  }

  @Test(
    "words reals",
    arguments: [
      (0.0, "0"), (1.5, "1.50e+00"), (0.000123456, "1.23e-04"), (9.996e-10, "1.00e-09"), (-2e10, "-2.00e+10"),
    ])
  func reals(value: Double, text: String) {
    #expect(value.scientific == text)
  }

  @Test(
    "escapes what could harm a terminal",
    arguments: [
      ("plain é 語", "plain é 語"), ("a\u{1B}[31m", "a\\u{1b}[31m"), ("a\nb", "a\\nb"), ("\u{202E}x", "\\u{202e}x"),
      ("\u{9B}", "\\u{9b}"),
    ])
  func escaping(text: String, escaped: String) {
    #expect(text.escapedForDisplay == escaped)
  }
}

import Bytes
import Testing

@Suite("The bytes of a text")
struct StringBytesTests {
  @Test(
    "contain those of another",
    arguments: [
      ("blk.0.attn_v.weight", "attn_v", true), ("attn_v", "attn_v", true), ("attn", "attn_v", false),
      ("aab", "ab", true), ("abac", "abd", false), ("", "", true), ("a", "", true), ("", "a", false),
      // One character of two scalars has the bytes of the first.
      ("e\u{301}", "e", true), ("\u{E9}", "e\u{301}", false),
    ])
  func containing(text: String, part: String, isPart: Bool) {
    #expect(text.hasBytes(part) == isPart)
  }
}

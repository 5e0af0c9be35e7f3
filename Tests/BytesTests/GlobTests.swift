import Bytes
import Testing

@Suite("A glob")
struct GlobTests {
  @Test(
    "matches whole names",
    arguments: [
      ("*", "", true), ("*", "anything", true), ("blk.*.weight", "blk.0.attn_q.weight", true),
      ("blk.*.weight", "blk.0.attn_q.bias", false), ("blk.?.attn", "blk.1.attn", true),
      ("blk.?.attn", "blk.11.attn", false), ("*a*b", "xaxbxb", true), ("*a*b", "xaxbxc", false),
      ("a**b", "ab", true), ("", "", true), ("", "a", false), ("[a].b", "[a].b", true), ("ä?", "äö", true),
    ] as [(String, String, Bool)])
  func matching(pattern: String, name: String, isMatch: Bool) {
    #expect(Glob(pattern).matches(name) == isMatch)
  }
}

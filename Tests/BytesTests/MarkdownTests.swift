import Bytes
import Testing

@Suite("Markdown")
struct MarkdownTests {
  @Test(
    "shows text as it is",
    arguments: [
      ("Q4_K_M", "Q4\\_K\\_M"), ("a|b", "a&#124;b"), ("<b>&", "&lt;b&gt;&amp;"), ("[x](y)", "\\[x\\](y)"),
      ("`rm`", "\\`rm\\`"), ("a\nb", "a\\\\nb"), ("https://x.y", "https&#58;//x.y"), ("@all", "&#64;all"),
      (":x:", "&#58;x&#58;"), ("3:4", "3:4"), ("$x$", "\\$x\\$"), ("~~a~~", "\\~\\~a\\~\\~"),
    ])
  func escaping(text: String, expected: String) { #expect(Markdown.escaped(text) == expected) }

  @Test(
    "links to files of any name",
    arguments: [
      ("a/model-Q4_K_M.gguf", "a/model-Q4_K_M.gguf"), ("a b)(.gguf", "a%20b%29%28.gguf"),
      ("javascript:x", "javascript%3Ax"), ("ü", "%C3%BC"), ("a?b#c", "a%3Fb%23c"),
    ])
  func links(path: String, expected: String) { #expect(Markdown.percentEncoded(path) == expected) }

  @Test("fences code that contains a fence")
  func fence() { #expect(Markdown.codeBlock("a\n```\nb") == "````\na\n```\nb\n````\n") }
}

@Suite("A shell command")
struct ShellCommandTests {
  @Test("quotes words that a shell would change")
  func quoting() {
    #expect(ShellCommand.text(["ingot", "a b", "--text", "it's", ""]) == "ingot 'a b' --text 'it'\\''s' ''")
    #expect(ShellCommand.text(["ingot", "x", "--a", "1"], wrapping: true) == "ingot x \\\n  --a 1")
  }
}

import Bytes
import Testing

@Suite("A path")
struct PathTests {
  @Test("within a folder is the rest after it")
  func within() {
    #expect(Path.within("a/b", "a/b/c/d") == "c/d")
    #expect(Path.within("a/b/", "a/b/c") == "c")
    #expect(Path.within("./a", "a/c") == "c")
    #expect(Path.within("/a", "/a/c") == "c")
    #expect(Path.within(".", "c/d") == "c/d")
  }

  @Test("that leads elsewhere is in no folder")
  func elsewhere() {
    #expect(Path.within("a", "ab/c") == nil)
    #expect(Path.within("a", "a") == nil)
    #expect(Path.within("a", "/a/c") == nil)
    #expect(Path.within(".", "/c") == nil)
    #expect(Path.within("a", "a/../b") == nil)
  }

  @Test(
    "has a name, a folder, and a form that it is joined in",
    arguments: [
      ("a/b.gguf", "b.gguf", "a", "f/a/b.gguf"),
      ("b", "b", ".", "f/b"),
      ("/b", "b", "/", "f/b"),
      ("/", "/", "/", "f"),
      ("", "", ".", "f"),
      ("a//b///c", "c", "a/b", "f/a/b/c"),
      ("a/b//", "b", "a", "f/a/b"),
      ("//a", "a", "/", "f/a"),
      ("../..", "..", "..", "f/../.."),
      ("./.", ".", ".", "f/./."),
      ("a/b\0c/d", "b", "a", "f/a/b"),
      ("ä/\u{301}b", "\u{301}b", "ä", "f/ä/\u{301}b"),
    ])
  func parts(path: String, name: String, folder: String, joined: String) {
    #expect(Path.name(of: path) == name)
    #expect(Path.folder(of: path) == folder)
    #expect(Path.join("f//", path) == joined)
  }

  @Test("is joined to the root and to no folder without a second slash")
  func joining() {
    #expect(Path.join("/", "a") == "/a")
    #expect(Path.join("/", "/a/") == "/a")
    #expect(Path.join("", "/a") == "/a")
    #expect(Path.join(".", "a//b") == "a//b")
    #expect(Path.join("a/b", "") == "a/b")
  }
}

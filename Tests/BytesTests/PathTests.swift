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
}

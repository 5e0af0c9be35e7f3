import TestSupport
import Testing

@testable import Bytes

@Suite("A local file")
struct LocalFileTests {
  let folder = TemporaryFolder()

  @Test("opens only regular files")
  func regularFiles() {
    let cases = [
      ("/dev/null", "/dev/null: is a device, expected a regular file"),
      (folder.path, "\(folder.path): is a folder, expected a regular file"),
      (folder.file("none"), "\(folder.file("none")): cannot be opened: no such file or folder"),
    ]
    for (path, message) in cases {
      #expect { try LocalFile(path) } throws: { "\($0)" == message }
    }
  }

  @Test("refuses ranges outside the file")
  func ranges() throws {
    let path = try folder.write([1, 2, 3], to: "in")
    let file = try LocalFile(path)
    for (offset, count) in [(0, 4), (3, 1), (-1, 1), (1, -1), (Int.max, 1), (1, Int.max)] {
      #expect(throws: FileError.self) { try file.bytes(at: offset, count: count) }
    }
    #expect(try file.bytes(at: 3, count: 0) == [])
    #expect { try file.wholeContent(limit: 2) } throws: {
      "\($0)" == "\(path): has 3 bytes but files of this kind may have 2"
    }
  }

  @Test("detects a change of the file")
  func changes() throws {
    let path = try folder.write([1, 2, 3], to: "in")
    let file = try LocalFile(path)
    try file.requireUnchanged()
    #expect(FileSystem.append([4], to: path))
    #expect { try file.requireUnchanged() } throws: {
      "\($0)" == "\(path): changed while it was read; the output was discarded"
    }
  }
}

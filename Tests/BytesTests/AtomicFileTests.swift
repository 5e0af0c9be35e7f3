import TestSupport
import Testing

@testable import Bytes

@Suite("An atomic file")
struct AtomicFileTests {
  let folder = TemporaryFolder()

  @Test("does not appear under the final name before the commit")
  func uncommitted() throws {
    let path = folder.file("out")
    let file = try AtomicFile(path, overwrite: .refuse)
    try file.write([1, 2, 3], at: 0)
    #expect(FileSystem.kind(of: path) == nil)
    #expect(folder.names.count == 1)
    try file.commit()
    #expect(folder.names == ["out"])
    #expect(try LocalFile(path).wholeContent(limit: 10) == [1, 2, 3])
  }

  @Test("leaves nothing if it is discarded")
  func discarded() throws {
    do {
      let file = try AtomicFile(folder.file("out"), overwrite: .refuse)
      try file.reserve(1000)
    }
    #expect(folder.names == [])
  }

  @Test("takes bytes in any order")
  func anyOrder() throws {
    let file = try AtomicFile(folder.file("out"), overwrite: .refuse)
    try file.reserve(6)
    try file.write([4, 5], at: 4)
    try file.write([1], at: 0)
    try file.commit()
    #expect(try LocalFile(folder.file("out")).wholeContent(limit: 10) == [1, 0, 0, 0, 4, 5])
  }

  @Test("has copied ranges at their offsets")
  func copiedRanges() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let input = try LocalFile(try folder.write(bytes, to: "in"))
    let file = try AtomicFile(folder.file("out"), overwrite: .refuse)
    try file.copy(input, from: 1000, count: 50_000, to: 10)
    try file.commit()
    let copied = try LocalFile(folder.file("out")).wholeContent(limit: 1 << 20)
    #expect(copied == [UInt8](repeating: 0, count: 10) + bytes[1000..<51_000])
  }

  static let shares: [(start: Int, count: Int, offset: Int, whole: Range<Int>)] = [
    (0, 8192, 0, 0..<8192), (100, 20_000, 100, 4096..<16_384), (4196, 9000, 100, 4096..<8192),
    (100, 20_000, 4196, 8192..<20_480), (4096, 4095, 0, 0..<0), (1, 8191, 1, 4096..<8192), (1, 8190, 1, 1..<1),
    (0, 8192, 8, 8..<8), (0, 0, 0, 0..<0),
  ]

  @Test("shares whole blocks at equal offsets within a block", arguments: shares)
  func wholeBlocks(start: Int, count: Int, offset: Int, whole: Range<Int>) {
    #expect(AtomicFile.wholeBlocks(from: start, count: count, to: offset) == whole)
  }

  /// On a file system that shares nothing, all of it is copied.
  @Test("has the same bytes whether they are shared or copied", arguments: shares)
  func sharedBytes(start: Int, count: Int, offset: Int, whole: Range<Int>) throws {
    let bytes = (0..<30_000).map { UInt8(truncatingIfNeeded: $0 / 256 &+ $0 * 7) }
    let input = try LocalFile(try folder.write(bytes, to: "in"))
    let file = try AtomicFile(folder.file("out"), overwrite: .refuse)
    let shared = file.share(input, from: start, count: count, to: offset)
    #expect(shared == whole || shared == offset..<offset)
    try file.reserve(offset + count, shared: shared.count)
    for rest in (offset..<offset + count).outside(shared) {
      try file.copy(input, from: rest.lowerBound - offset + start, count: rest.count, to: rest.lowerBound)
    }
    try file.commit()
    let copied = try LocalFile(folder.file("out")).wholeContent(limit: 1 << 20)
    #expect(copied == [UInt8](repeating: 0, count: offset) + bytes[start..<start + count])
  }

  @Test("shares no blocks beyond the end of the source")
  func blocksBeyondEnd() throws {
    let input = try LocalFile(try folder.write([UInt8](repeating: 1, count: 4096), to: "in"))
    let file = try AtomicFile(folder.file("out"), overwrite: .refuse)
    #expect(file.share(input, from: 0, count: 8192, to: 0).isEmpty)
  }

  @Test("has the bytes of another file after a header")
  func headerAndCopy() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 256 &+ $0 * 7) }
    let input = try LocalFile(try folder.write(bytes, to: "in"))
    for header in [[1, 2, 3], Array(bytes.prefix(8292))] {
      try AtomicFile.write(header, before: input, from: 4196, to: folder.file("out"), overwrite: .replace)
      #expect(try LocalFile(folder.file("out")).wholeContent(limit: 1 << 20) == header + bytes[4196...])
    }
  }

  @Test("refuses a copy beyond the end of the source")
  func copyBeyondEnd() throws {
    let input = try LocalFile(try folder.write([1, 2, 3], to: "in"))
    let file = try AtomicFile(folder.file("out"), overwrite: .refuse)
    #expect { try file.copy(input, from: 1, count: 5, to: 0) } throws: {
      "\($0)" == "\(folder.file("in")): ends at byte 3 but 6 bytes were expected"
    }
  }

  @Test("does not touch existing files and folders")
  func existing() throws {
    let path = try folder.write([9], to: "there")
    #expect { try AtomicFile(path, overwrite: .refuse) } throws: {
      "\($0)" == "\(path): already exists (pass --overwrite to replace it)"
    }
    #expect { try AtomicFile(folder.path, overwrite: .replace) } throws: {
      "\($0)" == "\(folder.path): is a folder, expected the name of a file"
    }
    #expect { try AtomicFile(folder.file("no/where"), overwrite: .refuse) } throws: {
      "\($0)" == "\(folder.file("no")): no such folder, so \"where\" cannot be created in it"
    }
    #expect { try AtomicFile("/dev/null", overwrite: .replace) } throws: {
      "\($0)" == "/dev/null: already exists (pass --overwrite to replace it)"
    }
    #expect(try LocalFile(path).wholeContent(limit: 10) == [9])
  }

  @Test("does not replace a file that appears before the commit")
  func appearing() throws {
    let path = folder.file("out")
    let file = try AtomicFile(path, overwrite: .refuse)
    try folder.writeUnflushed([9], to: "out")
    #expect { try file.commit() } throws: { "\($0)" == "\(path): already exists (pass --overwrite to replace it)" }
    file.discard()
    #expect(folder.names == ["out"])
    #expect(try LocalFile(path).wholeContent(limit: 10) == [9])
  }

  @Test("replaces a link, not its target", arguments: [true, false])
  func links(isDangling: Bool) throws {
    if !isDangling { try folder.write([9], to: "target") }
    let path = folder.file("out")
    #expect(FileSystem.link("target", at: path))
    #expect { try AtomicFile(path, overwrite: .refuse) } throws: {
      "\($0)" == "\(path): already exists (pass --overwrite to replace it)"
    }
    try AtomicFile.write([1], to: path, overwrite: .replace)
    #expect(try LocalFile(path).wholeContent(limit: 10) == [1])
    #expect(folder.names == (isDangling ? ["out"] : ["out", "target"]))
    if !isDangling { #expect(try LocalFile(folder.file("target")).wholeContent(limit: 10) == [9]) }
  }

  @Test("of a set gets its name only if all others do")
  func wholeSet() throws {
    try folder.write([9], to: "b")
    let files = try ["a", "c", "b"].map { try AtomicFile(folder.file($0), overwrite: $0 == "c" ? .refuse : .replace) }
    for file in files { try file.write([1], at: 0) }
    try folder.writeUnflushed([8], to: "c")
    #expect { try AtomicFile.commit(files) } throws: {
      "\($0)" == "\(folder.file("c")): already exists (pass --overwrite to replace it)"
    }
    for file in files { file.discard() }
    #expect(folder.names == ["b", "c"])
    #expect(try LocalFile(folder.file("b")).wholeContent(limit: 10) == [9])
    #expect(try LocalFile(folder.file("c")).wholeContent(limit: 10) == [8])
  }

  @Test("of a set leaves nothing of the set that it replaces")
  func replacedSet() throws {
    for name in ["a", "b"] { try folder.write([9], to: name) }
    let files = try ["a", "b", "c"].map { try AtomicFile(folder.file($0), overwrite: .replace) }
    for file in files { try file.write([1], at: 0) }
    try AtomicFile.commit(files)
    #expect(folder.names == ["a", "b", "c"])
    for name in folder.names { #expect(try LocalFile(folder.file(name)).wholeContent(limit: 10) == [1]) }
  }

  /// 4194305 is above the largest process number that Linux gives.
  @Test("removes temporary files of a dead process, and no others")
  func deadProcess() throws {
    let dead = ".out.ingot-4194305-abc.partial"
    let kept = [
      ".other.ingot-4194305-abc.partial", ".out.ingot-1-abc.partial", ".out.ingot-.partial", ".out.ingot-x.partial",
    ]
    for name in kept + [dead] { try folder.writeUnflushed([1], to: name) }
    let living = try AtomicFile(folder.file("out"), overwrite: .refuse)
    try AtomicFile.write([1], to: folder.file("out"), overwrite: .refuse)
    #expect(Set(folder.names) == Set(kept + ["out", Path.name(of: living.temporaryPath)]))
  }

  @Test("leaves room in the temporary's name", arguments: ["n", "é"])
  func longNames(letter: Character) throws {
    let name = String(repeating: letter, count: 254 / String(letter).utf8.count)
    try AtomicFile.write([1], to: folder.file(name), overwrite: .refuse)
    #expect(folder.names == [name])
  }

  @Test("has its folder for itself")
  func lockedFolder() throws {
    let lock = try FolderLock(folder.path, whenTaken: .refuse)
    withExtendedLifetime(lock) {
      _ = #expect { try FolderLock(folder.path, whenTaken: .refuse) } throws: {
        "\($0)" == "\(folder.path): another run is writing into this folder (wait for it)"
      }
    }
  }

  @Test("refuses more bytes than the disk has before it writes")
  func fullDisk() throws {
    let file = try AtomicFile(folder.file("out"), overwrite: .refuse)
    #expect { try file.reserve(1 << 60) } throws: {
      "\($0)".hasPrefix("\(folder.file("out")): no space: needs 1024.0 PiB but ")
    }
  }
}

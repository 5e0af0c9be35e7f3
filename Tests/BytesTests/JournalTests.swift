import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Bytes

@Suite("Unfinished work")
struct JournalTests {
  private let folder = TemporaryFolder()
  private var output: String { folder.file("out.bin") }

  @Test("has a journal whose lines the next run reads, without one that was cut off")
  func lines() throws {
    do {
      let journal = try Journal(for: output)
      #expect(journal.lines.isEmpty)
      try journal.append(Array("one".utf8))
      try journal.append(Array("two".utf8))
    }
    let path = folder.file(".out.bin.ingot-journal")
    #expect(try LocalFile(path).wholeContent(limit: 100) == Array("one\ntwo\n".utf8))
    try folder.write(Array("one\ntwo\nthr".utf8), to: ".out.bin.ingot-journal")
    let journal = try Journal(for: output)
    #expect(journal.lines == [Array("one".utf8), Array("two".utf8)])
    try journal.append(Array("three".utf8))
    #expect(try LocalFile(path).wholeContent(limit: 100) == Array("one\ntwo\nthree\n".utf8))
    journal.remove()
    #expect(folder.names.isEmpty)
  }

  @Test("belongs to one run at a time")
  func locks() throws {
    let journal = try Journal(for: output)
    #expect { try Journal(for: output) } throws: { error in
      guard case FileError.isBeingMade(let path)? = error as? FileError else { return false }
      return path == output && (error as? FileError)?.mayPass == true
    }
    journal.remove()
    let file = try AtomicFile(continuing: output, overwrite: .refuse)
    #expect(throws: FileError.self) { try AtomicFile(continuing: output, overwrite: .refuse) }
    file.discard()
    _ = try AtomicFile(continuing: output, overwrite: .refuse)
  }

  @Test("stays when it is discarded, is cut to its size, and gets its name when it is committed")
  func kept() throws {
    let first = try AtomicFile(continuing: output, overwrite: .refuse)
    try first.write([1, 2, 3, 4, 5, 6], at: 0)
    first.discard()
    #expect(folder.names == [".out.bin.ingot-unfinished"])
    let second = try AtomicFile(continuing: output, overwrite: .refuse)
    try second.reserve(4)
    try second.write([9], at: 1)
    try second.commit()
    #expect(folder.names == ["out.bin"])
    #expect(try LocalFile(output).wholeContent(limit: 100) == [1, 9, 3, 4])
    #expect(throws: FileError.self) { try AtomicFile(continuing: output, overwrite: .refuse) }
  }

  @Test("is not written through a link, nor over a folder")
  func links() throws {
    try folder.write([1], to: "target")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file(".out.bin.ingot-unfinished"), withDestinationPath: folder.file("target"))
    #expect(throws: FileError.self) { try AtomicFile(continuing: output, overwrite: .refuse) }
    try FileSystem.createFolder(folder.file(".out.bin.ingot-journal"))
    #expect(throws: FileError.self) { try Journal(for: output) }
    #expect(try LocalFile(folder.file("target")).wholeContent(limit: 100) == [1])
  }

  @Test("shows while a run writes a file of a name")
  func claims() throws {
    #expect(!AtomicFile.isBeingWritten(output))
    let file = try AtomicFile(output, overwrite: .refuse)
    #expect(AtomicFile.isBeingWritten(output))
    #expect(!AtomicFile.isBeingWritten(folder.file("other.bin")))
    file.discard()
    #expect(!AtomicFile.isBeingWritten(output))
  }

  @Test(
    "may be tried again after failures of disks and limits, and not after those of names and permissions",
    arguments: [
      (FileError.cannotWrite(path: "x", errno: .noSpace), true),
      (.cannotRead(path: "x", offset: 0, errno: .ioError), true),
      (.cannotOpen(path: "x", errno: .tooManyOpenFiles), true), (.noSpace(path: "x", needed: 2, available: 1), true),
      (.isBeingWritten(path: "x"), true), (.cannotOpen(path: "x", errno: .noSuchFileOrDirectory), false),
      (.cannotCreate(path: "x", errno: .permissionDenied), false), (.alreadyExists(path: "x"), false),
      (.changedWhileReading(path: "x"), false), (.endsEarly(path: "x", offset: 1, expected: 2), false),
    ])
  func passing(error: FileError, mayPass: Bool) {
    #expect(error.mayPass == mayPass)
    #expect(LocatedError(path: "y", reason: error).mayPass == mayPass)
    #expect(!ProblemList([error, FileError.isStandardOutput]).mayPass)
  }
}

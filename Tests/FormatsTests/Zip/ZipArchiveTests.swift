import Bytes
import TestSupport
import Testing

@testable import Formats

@Suite("A zip archive")
struct ZipArchiveTests {
  private static let numbers = (0..<1024).map { UInt8(truncatingIfNeeded: $0) }

  private func open(_ builder: ZipBuilder) throws -> ZipArchive {
    try ZipArchive(MemorySource(path: "a.zip", builder.bytes))
  }

  private func content(_ name: String, of archive: ZipArchive) throws -> [UInt8] {
    let content = try archive.content(of: #require(archive[name]))
    return try content.source.bytes(at: content.offset, count: content.byteCount)
  }

  @Test(
    "has the members that Python's zipfile wrote",
    arguments: ["stored", "deflated", "zip64", "streamed", "commented"])
  func zipfile(name: String) throws {
    let archive = try ZipArchive(LocalFile(Fixtures.path("zip", "\(name).zip")))
    #expect(archive.members.map(\.name) == ["archive/numbers", "archive/byteorder"])
    #expect(try content("archive/numbers", of: archive) == Self.numbers)
    #expect(try content("archive/byteorder", of: archive) == Array("little".utf8))
  }

  @Test("within a larger file is read where it is")
  func range() throws {
    let own = ZipBuilder([.init("a", [1, 2, 3])]).bytes
    let file = MemorySource(path: "m", [9, 9, 9, 9] + own + [7])
    let archive = try ZipArchive(file, in: 4..<4 + own.count)
    #expect(try content("a", of: archive) == [1, 2, 3])
    #expect(archive.members[0].dataOffset == 4 + 31)
  }

  @Test("has numbers of 64 bits where the end says so")
  func zip64End() throws {
    var builder = ZipBuilder([.init("a", [1, 2]), .init("b/c", [3])])
    builder.members[1].padding = 40
    builder.hasZip64End = true
    let archive = try open(builder)
    #expect(try content("b/c", of: archive) == [3])
  }

  @Test("names a compression that is not read")
  func method() throws {
    let archive = try ZipArchive(LocalFile(Fixtures.path("zip", "bzip2.zip")))
    #expect(
      failure { try archive.content(of: archive.members[0]) }
        == "member \"archive/numbers\": is compressed by method 12, expected stored or deflated"
        + " (pack the archive again with deflate)")
  }

  @Test("checks the CRC-32 of a deflated member once it is read, not before")
  func wrongCRC() throws {
    var bytes = try LocalFile(Fixtures.path("zip", "deflated.zip")).wholeContent(limit: 1 << 16)
    // Both headers of the member that is first after the folder.
    let archive = try ZipArchive(MemorySource(path: "a.zip", bytes))
    let crc = archive.members[0].crc32, stated = (0..<4).map { UInt8(truncatingIfNeeded: crc >> (8 * UInt32($0))) }
    for start in 0..<bytes.count - 4 where Array(bytes[start..<start + 4]) == stated { bytes[start] ^= 1 }
    let changed = try ZipArchive(MemorySource(path: "a.zip", bytes))
    #expect(failure { try content("archive/numbers", of: changed) }.contains("CRC-32"))
  }

  private static func changed(_ change: (inout ZipBuilder) -> Void) -> ZipBuilder {
    var builder = ZipBuilder([.init("a/data.pkl", [1, 2, 3, 4]), .init("a/data/0", [5, 6])])
    change(&builder)
    return builder
  }

  static let hostile: [(ZipBuilder, String)] = [
    (changed { $0.members[0].name = "../a" }, #"member "../a": name is not a path within the archive"#),
    (changed { $0.members[0].name = "/etc/passwd" }, #"member "/etc/passwd": name is not a path within the archive"#),
    (changed { $0.members[0].name = "a\\b" }, #"member "a\b": name is not a path within the archive"#),
    (changed { $0.members[0].name = "a/\u{1}" }, #"member "a/\u{1}": name is not a path within the archive"#),
    (changed { $0.members[0].name = "" }, #"member "": name is not a path within the archive"#),
    (changed { $0.members[0].name = "a//b" }, #"member "a//b": name is not a path within the archive"#),
    (changed { $0.members[1].name = "a/data.pkl" }, #"member "a/data.pkl": is there twice"#),
    (
      changed { $0.members[0].headerName = "a/data.pkx" },
      #"member "a/data.pkl": the name differs between header and directory"#
    ),
    (changed { $0.members[1].statedOffset = 0 }, #"member "a/data/0": the name differs between header and directory"#),
    (
      changed {
        $0.members[1].name = "a/data.pk2"
        $0.members[0].headerName = "a/data.pk2"
        $0.members[1].statedOffset = 0
      }, #"member "a/data.pkl": the name differs between header and directory"#
    ),
    (changed { $0.members[1].statedOffset = 3 }, #"zip archive has no header of member "a/data/0" at byte 3"#),
    (
      changed { $0.members[1].statedOffset = 1 << 30 },
      #"member "a/data/0": 30 bytes at byte 1,073,741,824 do not end before the directory at byte 84"#
    ),
    (
      changed {
        $0.members[1].statedCompressed = 7
        $0.members[1].statedByteCount = 7
      }, #"member "a/data/0": 7 bytes at byte 82 do not end before the directory at byte 84"#
    ),
    (
      changed { $0.members[1].statedByteCount = 1 << 31 },
      #"member "a/data/0": is stored in 2 bytes, expected 2,147,483,648"#
    ),
    (
      changed {
        $0.members[0].method = 8
        $0.members[0].statedByteCount = 1 << 31
      }, #"member "a/data.pkl": 4 bytes cannot inflate to 2,147,483,648"#
    ),
    (
      changed {
        $0.members[0].statedCompressed = 10
        $0.members[0].statedByteCount = 10
      }, #"member "a/data/0": shares bytes with "a/data.pkl""#
    ),
    (
      changed { $0.members[1].statedByteCount = 0xFFFF_FFFF },
      #"member "a/data/0": zip64 sizes are missing or cut off"#
    ),
    (
      changed {
        $0.members[1].statedByteCount = 0xFFFF_FFFF
        $0.members[1].extra = [1, 0, 8, 0] + [UInt8](repeating: 0xFF, count: 8)
      }, #"member "a/data/0": 2 bytes at byte 82 do not end before the directory at byte 84"#
    ),
    (
      changed {
        $0.members[1].statedByteCount = 0xFFFF_FFFF
        $0.members[1].extra = [1, 0, 9, 0] + [UInt8](repeating: 0, count: 8)
      }, #"member "a/data/0": zip64 sizes are missing or cut off"#
    ),
    (changed { $0.disk = 1 }, "zip archive is one part of several, expected a whole one"),
    (changed { $0.statedEntryCount = 60_000 }, "zip directory lists 60,000 members in 110 bytes"),
    (
      changed { $0.statedEntryCount = 1 }, "zip directory continues for 54 bytes after its last entry"
    ),
    (
      changed { $0.statedDirectoryOffset = 1 << 31 },
      "zip directory has 110 bytes at byte 2,147,483,648, expected them before byte 194"
    ),
    (
      changed {
        $0.hasZip64End = true
        $0.statedDirectoryOffset = .max
      }, "zip directory has 110 bytes at byte 9,223,372,036,854,775,807, expected them before byte 194"
    ),
    (
      changed {
        $0.hasZip64End = true
        $0.statedEntryCount = -1
      }, "zip directory lists 18,446,744,073,709,551,615 members in 110 bytes"
    ),
    (changed { $0.statedDirectoryOffset = 1 }, "zip directory is cut off in entry 1 of 2"),
  ]

  @Test("is refused if it lies", arguments: hostile.indices)
  func lies(index: Int) {
    let (builder, message) = Self.hostile[index]
    #expect(failure { try open(builder) } == message)
  }

  @Test("gives no bytes of an encrypted member")
  func encrypted() throws {
    let archive = try open(Self.changed { $0.members[0].flags = 1 })
    #expect(
      failure { try archive.content(of: archive.members[0]) }
        == #"member "a/data.pkl": is encrypted, expected plain bytes (decrypt the archive)"#)
    #expect(try content("a/data/0", of: archive) == [5, 6])
  }

  @Test("cut anywhere is refused", arguments: ["stored", "zip64", "streamed"])
  func truncation(name: String) throws {
    let bytes = try LocalFile(Fixtures.path("zip", "\(name).zip")).wholeContent(limit: 1 << 16)
    for count in bytes.indices {
      let source = MemorySource(path: "a.zip", Array(bytes.prefix(count)))
      #expect(failure { try ZipArchive(source) } != "", "after \(count) bytes")
    }
  }

  @Test("damaged anywhere is read or refused", arguments: ["stored", "deflated", "zip64", "streamed", "commented"])
  func mutation(name: String) throws {
    let bytes = try LocalFile(Fixtures.path("zip", "\(name).zip")).wholeContent(limit: 1 << 16)
    var generator = SeededGenerator(seed: 4)
    for position in bytes.indices {
      let values = [0, 0xFF, bytes[position] ^ 1, UInt8.random(in: 0...255, using: &generator)]
      for value in values.shuffled(using: &generator).prefix(2) {
        var changed = bytes
        changed[position] = value
        do {
          let archive = try ZipArchive(MemorySource(path: "a.zip", changed))
          for member in archive.members {
            #expect(member.dataEnd <= changed.count)
            let content = try archive.content(of: member)
            _ = try content.source.bytes(at: content.offset, count: content.byteCount)
          }
        } catch {
          #expect(error is any IngotError)
        }
      }
    }
  }
}

import Bytes
import TestSupport
import Testing

@testable import Formats

@Suite("A zip archive that is written")
struct ZipLayoutTests {
  /// Writes `layout`, in which the members whose data is apart have `data`.
  private func write(_ layout: ZipLayout, _ data: [[UInt8]], to path: String) throws {
    let file = try AtomicFile(path, overwrite: .refuse)
    var sums: [UInt32] = []
    for (range, bytes) in zip(layout.dataRanges, data) {
      var sum = CRC32()
      sum.update(bytes.span.bytes)
      sums.append(sum.value)
      try file.write(bytes, at: range.lowerBound)
    }
    for record in layout.records(checksums: sums) { try file.write(record.bytes, at: record.offset) }
    try file.commit()
  }

  @Test("has its members, aligned to 64 bytes, with their CRC-32")
  func members() throws {
    let folder = TemporaryFolder()
    let data: [[UInt8]] = [Array(repeating: 7, count: 100), [], [1, 2, 3]]
    let layout = try #require(
      ZipLayout([
        ("é/a.pkl", .bytes(Array("pickle".utf8))), ("é/data/0", .data(byteCount: 100)),
        ("é/data/1", .data(byteCount: 0)), ("é/data/22", .data(byteCount: 3)),
      ]))
    try write(layout, data, to: folder.file("a.zip"))
    let file = try LocalFile(folder.file("a.zip")), archive = try ZipArchive(file)
    #expect(file.byteCount == layout.fileByteCount)
    #expect(archive.members.map(\.name) == ["é/a.pkl", "é/data/0", "é/data/1", "é/data/22"])
    #expect(archive.members.map(\.dataOffset) == layout.dataOffsets)
    #expect(archive.members.allSatisfy { $0.dataOffset % 64 == 0 && $0.method == .stored })
    for (member, bytes) in zip(archive.members, [Array("pickle".utf8)] + data) {
      let content = try archive.content(of: member)
      #expect(try content.source.bytes(at: content.offset, count: content.byteCount) == bytes)
      #expect(try CRC32.sum(of: content.offset..<content.offset + content.byteCount, in: file) == member.crc32)
    }
  }

  @Test("has numbers of 64 bits for a member and an offset beyond 4 GiB")
  func wide() throws {
    let folder = TemporaryFolder(), size = 5 << 30
    let layout = try #require(
      ZipLayout([("a", .data(byteCount: size)), ("b", .data(byteCount: 3)), ("c", .bytes([9]))]))
    // Nothing is written in between, so the file takes a few blocks of the disk.
    try write(layout, [], to: folder.file("a.zip"))
    let file = try LocalFile(folder.file("a.zip")), archive = try ZipArchive(file)
    #expect(file.byteCount == layout.fileByteCount)
    #expect(archive.members.map(\.byteCount) == [size, 3, 1])
    #expect(archive.members.map(\.dataOffset) == layout.dataOffsets)
    #expect(archive.members[1].dataOffset > size)
    #expect(try file.bytes(at: archive.members[2].dataOffset, count: 1) == [9])
  }

  @Test("counts more members than 16 bits do")
  func manyMembers() throws {
    let folder = TemporaryFolder()
    let layout = try #require(ZipLayout((0..<70_000).map { ("\($0)", .bytes([])) }))
    try write(layout, [], to: folder.file("a.zip"))
    #expect(try ZipArchive(LocalFile(folder.file("a.zip"))).members.count == 70_000)
  }

  @Test("is refused if no file is so large")
  func tooLarge() {
    #expect(ZipLayout([("a", .data(byteCount: .max / 2))]) == nil)
    #expect(
      ZipLayout([("a", .data(byteCount: .max / 5)), ("b", .data(byteCount: .max / 5)), ("c", .bytes([]))]) == nil)
  }
}

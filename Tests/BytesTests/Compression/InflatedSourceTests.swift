import Bytes
import TestSupport
import Testing

@Suite("An inflated source")
struct InflatedSourceTests {
  private func open(
    _ stored: [UInt8], _ frame: DeflateFrame, byteCount: Int = CompressedContent.bytes.count, crc32: UInt32? = nil
  ) -> InflatedSource {
    let around: [UInt8] = [1, 2, 3]
    let base = MemorySource(path: "a.zip", around + stored + around)
    return InflatedSource(
      base, range: 3..<3 + stored.count, frame: frame, byteCount: byteCount, crc32: crc32, path: "a.zip:member")
  }

  static let streams: [(name: String, frame: DeflateFrame)] = [
    ("content.deflate", .raw), ("content.zlib", .zlib), ("content.gz", .gzip),
  ]

  @Test("has the bytes that were deflated", arguments: streams)
  func content(name: String, frame: DeflateFrame) throws {
    let source = open(try CompressedContent.stored(name), frame, crc32: CompressedContent.crc32)
    #expect(source.name == "a.zip:member")
    #expect(try source.wholeContent(limit: 4 << 20) == CompressedContent.bytes)
    try source.verify()
  }

  @Test("is read at any offset", arguments: streams)
  func randomAccess(name: String, frame: DeflateFrame) throws {
    let source = open(try CompressedContent.stored(name), frame)
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<40 {
      let offset = Int.random(in: 0...source.byteCount, using: &generator)
      let count = min(Int.random(in: 0..<700_000, using: &generator), source.byteCount - offset)
      #expect(try source.bytes(at: offset, count: count) == Array(CompressedContent.bytes[offset..<offset + count]))
    }
  }

  @Test("is read by several threads at once")
  func threads() throws {
    let source = open(try CompressedContent.stored("content.deflate"), .raw, crc32: CompressedContent.crc32)
    let step = 100_000
    let wrong = Counter()
    try Parallel.forEach(source.byteCount / step, threads: 4) { index in
      let offset = (index * 7 % (source.byteCount / step)) * step
      let bytes = try source.bytes(at: offset, count: step)
      if bytes != Array(CompressedContent.bytes[offset..<offset + step]) { wrong.add(1) }
    }
    #expect(wrong.sum == 0)
  }

  @Test("reads no more of its stream than a read needs")
  func reads() throws {
    let stored = try CompressedContent.stored("content.deflate")
    let base = MemorySource(path: "in", stored)
    let source = InflatedSource(base, range: 0..<stored.count, byteCount: CompressedContent.bytes.count, path: "in")
    #expect(base.readRanges.isEmpty)
    _ = try source.bytes(at: 0, count: 1)
    #expect(base.readRanges == [0..<min(stored.count, 64 << 10)])
  }

  @Test("refuses a stream that is shorter than stated")
  func tooShort() throws {
    let source = open(try CompressedContent.stored("content.zlib"), .zlib, byteCount: 3_145_734)
    #expect(throws: FileError.self) { try source.verify() }
    #expect { try source.bytes(at: 3_145_700, count: 30) } throws: {
      "\($0)" == "a.zip:member: unpacks to 3,145,733 bytes, expected 3,145,734"
    }
  }

  @Test("stops at the stated size of a stream that goes on")
  func tooLong() throws {
    for byteCount in [0, 1, 262_144, 3_145_732] {
      let source = open(try CompressedContent.stored("content.gz"), .gzip, byteCount: byteCount)
      #expect { try source.verify() } throws: {
        "\($0)" == "a.zip:member: unpacks to more than the stated \(counted(byteCount, "byte"))"
      }
    }
  }

  @Test("refuses a wrong CRC-32")
  func wrongSum() throws {
    let source = open(try CompressedContent.stored("content.deflate"), .raw, crc32: 0xAB)
    #expect { try source.verify() } throws: {
      "\($0)" == "a.zip:member: unpacks to bytes with CRC-32 0x0da21a84, expected 0x000000ab"
    }
  }

  @Test("refuses a stream that is cut off at any byte", arguments: streams)
  func truncation(name: String, frame: DeflateFrame) throws {
    let stored = try CompressedContent.stored(name)
    for count in (0..<stored.count).filter({ $0 < 40 || $0 > stored.count - 40 || $0 % 997 == 0 }) {
      let source = open(Array(stored.prefix(count)), frame)
      #expect { try source.verify() } throws: {
        "\($0)"
          == "a.zip:member: \(frame.rawValue) stream is cut off at byte \((count + 3).grouped), expected more "
          + "(download or copy the file again)"
      }
    }
  }

  @Test("refuses damaged bytes or gives what was deflated", arguments: streams)
  func damage(name: String, frame: DeflateFrame) throws {
    let stored = try CompressedContent.stored(name)
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<60 {
      var damaged = stored
      damaged[Int.random(in: 0..<stored.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      let source = open(damaged, frame, crc32: CompressedContent.crc32)
      if let bytes = try? source.wholeContent(limit: 4 << 20) { #expect(bytes == CompressedContent.bytes) }
    }
  }

  @Test("says where a stream became invalid")
  func invalid() throws {
    let source = open([0x78, 0x9C, 0xFF, 0xFF], .zlib, byteCount: 5)
    #expect { try source.verify() } throws: {
      "\($0)" == "a.zip:member: zlib stream is invalid near byte 6: invalid block type"
    }
  }

  @Test("of nothing is checked too")
  func empty() throws {
    try open([0x03, 0x00], .raw, byteCount: 0, crc32: 0).verify()
    #expect(try open([0x03, 0x00], .raw, byteCount: 0).wholeContent(limit: 0) == [])
  }
}

@Suite("A CRC-32")
struct CRC32Tests {
  @Test("is that of zlib, over a range of a file")
  func sums() throws {
    let file = MemorySource(path: "in", CompressedContent.bytes)
    #expect(try CRC32.sum(of: 0..<file.byteCount, in: file) == CompressedContent.crc32)
    #expect(try CRC32.sum(of: 5..<5, in: file) == 0)
    var sum = CRC32()
    sum.update(Array("123456789".utf8).span.bytes)
    #expect(sum.value == 0xCBF4_3926)
  }
}

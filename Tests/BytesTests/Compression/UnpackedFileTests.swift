import Bytes
import TestSupport
import Testing

@Suite("An unpacked file")
struct UnpackedFileTests {
  private func open(_ name: String) throws -> any ByteSource {
    try UnpackedFile.open(MemorySource(path: "m/" + name, CompressedContent.stored(name)))
  }

  /// Files with the content, and what is said of their compression.
  static let files: [(name: String, compression: String)] = [
    ("content.gz", "gzip"), ("members.gz", "gzip"), ("bgzf.gz", "gzip"),
    ("content.zst", "zstd, 1 frame"), ("unstated.zst", "zstd, one stream"), ("frames.zst", "zstd, 7 frames"),
    ("seekable.zst", "zstd, 13 frames"),
  ]

  @Test("has the bytes that were packed", arguments: files)
  func content(name: String, compression: String) throws {
    let file = try open(name)
    #expect(try file.wholeContent(limit: 4 << 20) == CompressedContent.bytes)
    #expect((file as? UnpackedFile)?.compression == compression)
    #expect(file.path == "m/" + name)
    #expect(file.name == Compression.unpackedName(name))
    #expect(file.localFile == nil)
    #expect(try file.stored.wholeContent(limit: 1 << 20) == CompressedContent.stored(name))
  }

  @Test("is read at any offset", arguments: files)
  func randomAccess(name: String, compression: String) throws {
    let file = try open(name)
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<60 {
      let offset = Int.random(in: 0...file.byteCount, using: &generator)
      let count = min(Int.random(in: 0..<900_000, using: &generator), file.byteCount - offset)
      #expect(try file.bytes(at: offset, count: count) == Array(CompressedContent.bytes[offset..<offset + count]))
    }
    #expect(throws: FileError.self) { try file.bytes(at: file.byteCount - 3, count: 4) }
    var buffer = [UInt8](repeating: 0, count: 4)
    #expect(throws: FileError.self) { try file.read(at: file.byteCount - 3, count: 4, into: &buffer) }
  }

  @Test("is read by several threads at once", arguments: files)
  func threads(name: String, compression: String) throws {
    let file = try open(name), step = 70_000
    let wrong = Counter()
    try Parallel.forEach(file.byteCount / step, threads: 6) { index in
      let offset = (index * 11 % (file.byteCount / step)) * step
      let bytes = try file.bytes(at: offset, count: step)
      if bytes != Array(CompressedContent.bytes[offset..<offset + step]) { wrong.add(1) }
    }
    #expect(wrong.sum == 0)
  }

  @Test("of many small frames is read by joined frames")
  func smallFrames() throws {
    let file = try open("small-frames.zst")
    #expect((file as? UnpackedFile)?.compression == "zstd, 2 frames")
    #expect(try file.wholeContent(limit: 1 << 20) == Array(CompressedContent.bytes.prefix(3 << 17)))
  }

  @Test("of frames reads only those that have the bytes")
  func framesRead() throws {
    let base = MemorySource(path: "m.zst", try CompressedContent.stored("seekable.zst"))
    let file = try UnpackedFile.open(base)
    base.forgetReads()
    #expect(try file.bytes(at: 1_000_000, count: 9) == Array(CompressedContent.bytes[1_000_000..<1_000_009]))
    let reads = base.readRanges
    #expect(reads.count == 1 && reads.allSatisfy { $0.count < 2_000 && $0.lowerBound > 4_000 })
    #expect(try file.bytes(at: 1_000_010, count: 9) == Array(CompressedContent.bytes[1_000_010..<1_000_019]))
    #expect(base.readRanges == reads, "a frame that was decoded is kept")
  }

  @Test("that is one large frame is decoded as a stream, also backward")
  func largeFrame() throws {
    let file = try open("large.zst")
    #expect((file as? UnpackedFile)?.compression == "zstd, one stream")
    #expect(file.byteCount == 20 << 20)
    for block in [319, 0, 200, 100, 101, 5] {
      #expect(try file.bytes(at: block << 16, count: 5) == [UInt8(block & 255), UInt8(block >> 8), 0, 0, 0])
    }
  }

  @Test("that is decoded again and again is unpacked to a file")
  func scratch() throws {
    let file = try open("large.zst")
    let before = CompressedContent.scratchFileCount
    // Every second read begins again: 40 times 10 MiB are more than 256 MiB.
    for _ in 0..<45 {
      #expect(try file.bytes(at: 200 << 16, count: 2) == [200, 0])
      #expect(try file.bytes(at: 1 << 16, count: 2) == [1, 0])
    }
    #expect(CompressedContent.scratchFileCount == before + 1)
    for block in [319, 0, 7] {
      #expect(try file.bytes(at: block << 16, count: 2) == [UInt8(block & 255), UInt8(block >> 8)])
    }
  }

  @Test("is a file as it is if it is not compressed")
  func plain() throws {
    let path = MemorySource(path: "m/x.gguf", Array("GGUF".utf8))
    #expect(try UnpackedFile.open(path) is MemorySource)
    let named = try UnpackedFile.open(MemorySource(path: "m/x.gguf.zst", Array("GGUF".utf8)))
    #expect(named.name == "x.gguf" && named.path == "m/x.gguf.zst")
    #expect(try named.wholeContent(limit: 9) == Array("GGUF".utf8))
    #expect(try UnpackedFile.open(MemorySource(path: "e.gz", [])).byteCount == 0)
    // The length of a safetensors header can begin like gzip.
    let header: [UInt8] = [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0] + Array("{".utf8)
    #expect(try UnpackedFile.open(MemorySource(path: "m", header)) is MemorySource)
  }

  @Test("is refused by the name of what it needs")
  func refusals() throws {
    #expect(
      message("dictionary.zst")
        == "m/dictionary.zst: was compressed with dictionary 77, which is not read (unpack it with zstd -D)")
    #expect(
      message("long.zst")
        == "m/long.zst: needs a window of 2,147,483,648 bytes to be unpacked, expected at most 134,217,728 "
        + "(unpack it with zstd -d --long=31)")
    #expect(message("raw-dictionary.zst")?.contains("zstd stream is invalid near byte") == true)
  }

  private func message(_ name: String) -> String? {
    do {
      _ = try open(name).wholeContent(limit: 4 << 20)
      return nil
    } catch {
      return "\(error)"
    }
  }
}

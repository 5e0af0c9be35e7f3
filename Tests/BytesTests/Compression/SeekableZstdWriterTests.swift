import Bytes
import TestSupport
import Testing

@Suite("A writer of seekable zstd")
struct SeekableZstdWriterTests {
  private let folder = TemporaryFolder()

  /// Writes `content`, whose first `headerCount` bytes are the header, in batches.
  private func write(
    _ content: [UInt8], headerCount: Int = 100, batch: Int = 700_001, level: Int = 3, threads: Int = 3
  ) throws -> [UInt8] {
    let path = folder.file("m.zst")
    let file = try AtomicFile(path, overwrite: .replace)
    let header = Array(content.prefix(headerCount))
    let writer = SeekableZstdWriter(file, header: header, byteCount: content.count, level: level, threads: threads)
    var position = header.count
    while position < content.count {
      let end = min(content.count, position + batch), middle = (position + end) / 2
      let window = writer.window(through: end)
      // The second half first, copied from a source.
      try window.copy(MemorySource(path: "in", content), from: middle, count: end - middle, to: middle)
      try window.write(Array(content[position..<middle]), at: position)
      try writer.compress(window)
      position = end
    }
    try writer.finish()
    try file.commit()
    return try LocalFile(path).wholeContent(limit: 1 << 24)
  }

  @Test("writes what this project reads frame by frame")
  func roundTrip() throws {
    let stored = try write(CompressedContent.bytes)
    let file = try UnpackedFile.open(MemorySource(path: "m.zst", stored))
    #expect((file as? UnpackedFile)?.compression == "zstd, 4 frames")
    #expect(try file.wholeContent(limit: 1 << 24) == CompressedContent.bytes)
    #expect(stored.suffix(4) == [0xB1, 0xEA, 0x92, 0x8F])
    #expect(stored.count < 40_000)
  }

  @Test("writes the same bytes for any number of threads and any batches")
  func deterministic() throws {
    let first = try write(CompressedContent.bytes, batch: 1 << 23, threads: 1)
    for (batch, threads) in [(70_000, 1), (300_000, 2), (1 << 20, 8)] {
      #expect(try write(CompressedContent.bytes, batch: batch, threads: threads) == first)
    }
    #expect(try write(CompressedContent.bytes, headerCount: 2_500_000, batch: 99_999, threads: 2) == first)
  }

  @Test("writes content of every size around a frame, and at every kind of level", arguments: [1, 3, 19, 22])
  func sizes(level: Int) throws {
    let size = SeekableZstdWriter.frameByteCount
    for count in [1, 100, 101, size - 1, size, size + 1, 2 * size] {
      let content = Array(CompressedContent.bytes.prefix(count))
      let stored = try write(content, level: level)
      let file = try UnpackedFile.open(MemorySource(path: "m.zst", stored))
      #expect(try file.wholeContent(limit: 1 << 24) == content)
    }
  }

  @Test("leaves bytes that nobody writes at zero")
  func padding() throws {
    let file = try AtomicFile(folder.file("p.zst"), overwrite: .replace)
    let writer = SeekableZstdWriter(file, header: [1, 2], byteCount: 3_000_000, level: 3, threads: 2)
    let window = writer.window(through: 1_500_000)
    try window.write([7], at: 1_499_999)
    #expect(throws: FileError.self) { try window.write([7, 8], at: 1_499_999) }
    try writer.compress(window)
    try writer.finish()
    try file.commit()
    let content = try UnpackedFile.open(LocalFile(folder.file("p.zst"))).wholeContent(limit: 1 << 24)
    #expect(content.count == 3_000_000)
    #expect(content.enumerated().filter { $1 != 0 }.map(\.offset) == [0, 1, 1_499_999])
  }

  @Test("writes nothing under its name before it is committed")
  func atomic() throws {
    let path = folder.file("a.zst")
    do {
      let file = try AtomicFile(path, overwrite: .refuse)
      let writer = SeekableZstdWriter(file, header: [1], byteCount: 10, level: 3, threads: 1)
      try writer.finish()
    }
    #expect(folder.names.isEmpty)
  }
}

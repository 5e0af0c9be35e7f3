import Bytes
import TestSupport
import Testing

/// Compressed files that are damaged or lie: an error or the right bytes, and little work.
@Suite("A hostile compressed file")
struct HostileUnpackedFileTests {
  private func content(_ bytes: [UInt8], limit: Int = 1 << 26) throws -> [UInt8] {
    try UnpackedFile.open(MemorySource(path: "m.zst", bytes)).wholeContent(limit: limit)
  }

  private func message(_ bytes: [UInt8]) -> String? {
    do {
      _ = try content(bytes)
      return nil
    } catch {
      return "\(error)"
    }
  }

  static let names = [
    "content.gz", "members.gz", "content.zst", "unstated.zst", "frames.zst", "seekable.zst", "small-frames.zst",
  ]

  @Test("that is cut off is an error, or ends where a frame or member ends", arguments: names)
  func truncation(name: String) throws {
    let stored = try CompressedContent.stored(name)
    let whole = try content(stored)
    let counts = (0..<stored.count).filter { $0 < 150 || $0 > stored.count - 150 || $0 % 331 == 0 }
    for count in counts {
      let prefix = Array(stored.prefix(count))
      guard let bytes = try? content(prefix) else { continue }
      // Fewer bytes than a magic number are not a compressed file.
      if count < 4 { #expect(bytes == prefix) } else { #expect(whole.starts(with: bytes), "at \(count)") }
      if name == "content.zst" || name == "content.gz" { #expect(count < 4, "at \(count)") }
    }
  }

  @Test("of which a bit is wrong is an error or has the right bytes", arguments: names)
  func mutation(name: String) throws {
    let stored = try CompressedContent.stored(name)
    let whole = try content(stored)
    var generator = SeededGenerator(seed: 5)
    for round in 0..<80 {
      var damaged = stored
      // Half of the rounds damage what the file ends in: sums and the table of frames.
      let range = round % 2 == 0 ? 0..<stored.count : max(0, stored.count - 180)..<stored.count
      damaged[Int.random(in: range, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      guard let bytes = try? content(damaged) else { continue }
      // A skippable frame hides what follows it, and the end of a member what is not one; neither has a sum.
      if name != "members.gz", name != "frames.zst" { #expect(bytes == whole || bytes.count < 64) }
    }
  }

  @Test("of noise after its magic number is an error")
  func noise() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<2_000 {
      let magic: [UInt8] = Bool.random(using: &generator) ? [0x28, 0xB5, 0x2F, 0xFD] : [0x1F, 0x8B, 8, 0]
      let noise = (0..<Int.random(in: 0..<120, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      if let bytes = try? content(magic + noise) { #expect(bytes.count <= 1 << 17) }
    }
  }

  @Test("that goes on after its frames is an error")
  func trailing() throws {
    let stored = try CompressedContent.stored("content.zst")
    #expect(
      message(stored + [1, 2, 3, 4, 5])
        == "m.zst: zstd stream is invalid near byte \(stored.count.grouped): is not a frame, expected its magic number")
    #expect(message(stored + [1])?.contains("is cut off") == true)
  }

  @Test("with a wrong sum is an error")
  func sums() throws {
    for name in ["content.zst", "unstated.zst"] {
      var stored = try CompressedContent.stored(name)
      stored[stored.count - 1] ^= 1
      #expect(message(stored)?.contains("restored data doesn't match checksum") == true)
    }
  }

  @Test("whose table of frames lies is read without it, or is an error")
  func seekTable() throws {
    let stored = try CompressedContent.stored("seekable.zst")
    let whole = try content(stored), entries = stored.count - 9 - 13 * 8
    // The sum is not where the table begins: the frames themselves are walked through.
    var damaged = stored
    damaged[entries] ^= 1
    #expect(try content(damaged) == whole)
    // Two stored sizes that make up for each other.
    damaged = stored
    damaged[entries] += 1
    damaged[entries + 8] -= 1
    #expect(message(damaged)?.hasPrefix("m.zst: zstd stream is invalid near byte 0: ") == true)
    // Another size of the content.
    damaged = stored
    damaged[entries + 4] ^= 1
    #expect(message(damaged)?.hasPrefix("m.zst: ") == true)
    // A reserved bit, and more frames than there are bytes.
    damaged = stored
    damaged[stored.count - 5] |= 4
    #expect(try content(damaged) == whole)
    damaged = stored
    damaged[stored.count - 6] = 0x7F
    #expect(try content(damaged) == whole)
  }

  @Test("that states a size beyond all reason costs nothing and is an error when it is read")
  func statedSize() throws {
    // One segment of 2^62 bytes needs a window of as many; with a window it is read as a stream.
    let segment: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0] + [0, 0, 0, 0, 0, 0, 0, 0x40] + [1, 0, 0]
    #expect(message(segment)?.contains("needs a window of 4,611,686,018,427,387,904 bytes") == true)
    let windowed: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xC0, 0x58] + [0, 0, 0, 0, 0, 0, 0, 0x40] + [1, 0, 0]
    let file = try UnpackedFile.open(MemorySource(path: "m.zst", windowed))
    #expect(file.byteCount == 1 << 62)
    #expect(throws: FileError.self) { try file.bytes(at: 0, count: 10) }
    #expect(throws: FileError.self) { try file.bytes(at: 1 << 61, count: 10) }
    let overflowing: [UInt8] = windowed + windowed + windowed
    #expect(message(overflowing)?.contains("states more bytes than there can be") == true)
  }

  @Test("that unpacks to far more than it has is an error")
  func bombs() {
    // 1.2 GiB of one repeated byte, 128 KiB a block, in a frame that does not state its size.
    let block: [UInt8] = [0x02, 0x00, 0x10, 0x61]
    let blocks = [[UInt8]](repeating: block, count: 10_000).joined()
    let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58] + blocks + [1, 0, 0]
    #expect(
      message(frame)
        == "m.zst: unpacks to more than 256 times its size, which weights do not (unpack it yourself if it is right)")
  }
}

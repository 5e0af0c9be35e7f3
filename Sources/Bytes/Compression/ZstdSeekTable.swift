// A seekable zstd file is a sequence of independent frames and, as the last one, a skippable frame that says where they
// are (contrib/seekable_format/zstd_seekable_compression_format.md of zstd 1.5.7). Any zstd decoder reads it.
//
//   0 ┊ 0x184D2A5E u32 │ 4 ┊ byteCount u32 │ 8 ┊ { entry } │ frameCount u32 │ descriptor u8 │ 0x8F92EAB1 u32
//
//   entry      = storedByteCount u32 │ byteCount u32 │ checksum u32, if the descriptor has bit 7
//   descriptor = bit 7: entries have checksums │ bits 2 to 6: 0 │ bits 0 and 1: unused
//   checksum   = the low half of the XXH64 of the frame's content, which a frame with a checksum ends with as well

/// The table of frames at the end of a seekable zstd file.
enum ZstdSeekTable {
  static let frameMagic: UInt32 = 0x184D_2A5E, footerMagic: UInt32 = 0x8F92_EAB1
  static let headerByteCount = 8, footerByteCount = 9
  private static let checksumFlag: UInt8 = 0x80, reservedBits: UInt8 = 0x7C
  /// More frames are found by walking through the file, which joins small ones.
  static let maximumFrameCount = 1 << 22
  /// Bytes of the table that are read at a time, whole entries of either size.
  private static let readByteCount = 12 * 8 << 10

  /// Reads the table of `file`; nil if it has none that fits its frames exactly.
  ///
  /// Whether the sizes are those of the frames is seen when the frames are decoded.
  static func read(_ file: any ByteSource) throws(FileError) -> ZstdFrameTable? {
    guard file.byteCount >= headerByteCount + footerByteCount else { return nil }
    let footer = try file.bytes(at: file.byteCount - footerByteCount, count: footerByteCount)
    let count = Int(UInt32(littleEndianIn: footer)), descriptor = footer[4]
    guard UInt32(littleEndianIn: footer, at: 5) == footerMagic, descriptor & reservedBits == 0,
      count <= maximumFrameCount
    else { return nil }
    let entryByteCount = descriptor & checksumFlag != 0 ? 12 : 8
    let tableByteCount = count * entryByteCount + footerByteCount
    let start = file.byteCount - tableByteCount - headerByteCount
    guard start >= 0 else { return nil }
    let header = try file.bytes(at: start, count: headerByteCount)
    guard UInt32(littleEndianIn: header) == frameMagic,
      UInt32(littleEndianIn: header, at: 4) == UInt32(exactly: tableByteCount)
    else { return nil }
    return try frames(of: file, from: start + headerByteCount, count: count, entryByteCount, framesEnd: start)
  }

  /// The bytes of an entry with the checksum that its frame ends in.
  static func entry(storedByteCount: Int, byteCount: Int, checksum: some Collection<UInt8>) -> [UInt8] {
    littleEndian(UInt32(truncatingIfNeeded: storedByteCount)) + littleEndian(UInt32(truncatingIfNeeded: byteCount))
      + checksum
  }

  /// The skippable frame of `frameCount` entries with checksums.
  static func frame(entries: [UInt8], frameCount: Int) -> [UInt8] {
    littleEndian(frameMagic) + littleEndian(UInt32(truncatingIfNeeded: entries.count + footerByteCount)) + entries
      + littleEndian(UInt32(truncatingIfNeeded: frameCount)) + [checksumFlag] + littleEndian(footerMagic)
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (UInt32($0) * 8)) }
  }

  private static func frames(
    of file: any ByteSource, from offset: Int, count: Int, _ entryByteCount: Int, framesEnd: Int
  ) throws(FileError) -> ZstdFrameTable? {
    var table = ZstdFrameTable()
    let end = offset + count * entryByteCount
    var position = offset
    while position < end {
      let bytes = try file.bytes(at: position, count: min(readByteCount, end - position))
      for entry in stride(from: 0, to: bytes.count, by: entryByteCount) {
        let stored = Int(UInt32(littleEndianIn: bytes, at: entry))
        guard table.append(stored: stored, byteCount: Int(UInt32(littleEndianIn: bytes, at: entry + 4))) else {
          return nil
        }
      }
      position += bytes.count
    }
    return table.storedByteCount == framesEnd ? table : nil
  }
}

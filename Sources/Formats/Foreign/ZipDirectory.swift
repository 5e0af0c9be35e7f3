import Bytes

// A zip archive ends in its directory, which a last record points to (APPNOTE.TXT 4.3.12, 4.3.16):
//
//   0 ┊ "PK\1\2" │ … │ 28 ┊ name length u16 │ 30 ┊ extra length u16 │ 32 ┊ comment length u16 │ … │ 46 ┊ name, extra, comment
//   0 ┊ "PK\5\6" │ … │ 12 ┊ directory bytes u32 │ 16 ┊ directory offset u32 │ 20 ┊ comment length u16 │ 22
//
// Each member begins with a header of its own: 0 ┊ "PK\3\4" │ … │ 26 ┊ name length u16 │ 28 ┊ extra length u16 │ 30 ┊ name.

/// The names of the members of a zip archive, as far as they are needed to say what it is.
enum ZipDirectory {
  /// At most this many bytes of the directory are read.
  private static let readByteCount = 1 << 16
  private static let endByteCount = 22, entryByteCount = 46, memberByteCount = 30

  /// Returns the names of the first members: those in the directory, or the first one's if that is not there.
  static func names(in file: any ByteSource) throws(FileError) -> [String] {
    let tail = try file.bytes(at: max(0, file.byteCount - readByteCount), count: min(readByteCount, file.byteCount))
    if let end = lastIndex(of: [0x50, 0x4B, 5, 6], in: tail), end + endByteCount <= tail.count,
      let size = number(tail, end + 12, 4), let offset = number(tail, end + 16, 4), offset < file.byteCount
    {
      let count = min(size, readByteCount, file.byteCount - offset)
      let names = entries(try file.bytes(at: offset, count: count))
      if !names.isEmpty { return names }
    }
    let head = try file.bytes(at: 0, count: min(readByteCount, file.byteCount))
    guard let length = number(head, 26, 2), memberByteCount + length <= head.count else { return [] }
    return [String(decoding: head[memberByteCount..<memberByteCount + length], as: UTF8.self)]
  }

  /// The names in the bytes of a directory, which may be cut off.
  private static func entries(_ bytes: [UInt8]) -> [String] {
    var names: [String] = [], start = 0
    while bytes.dropFirst(start).starts(with: [0x50, 0x4B, 1, 2]), let length = number(bytes, start + 28, 2),
      let extra = number(bytes, start + 30, 2), let comment = number(bytes, start + 32, 2),
      start + entryByteCount + length <= bytes.count
    {
      let first = start + entryByteCount
      names.append(String(decoding: bytes[first..<first + length], as: UTF8.self))
      start = first + length + extra + comment
    }
    return names
  }

  private static func lastIndex(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= pattern.count else { return nil }
    return (0...bytes.count - pattern.count).last { bytes.dropFirst($0).starts(with: pattern) }
  }

  /// A little-endian number of `count` bytes; nil beyond the end.
  private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int? {
    guard offset + count <= bytes.count else { return nil }
    return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}

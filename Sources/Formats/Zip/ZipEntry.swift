import Bytes

/// An entry of a zip directory.
struct ZipEntry {
  let name: String
  let flags: UInt64
  let method: UInt64
  let crc32: UInt32
  private(set) var compressedByteCount: UInt64
  private(set) var byteCount: UInt64
  /// The offset of the member's header in the archive.
  private(set) var offset: UInt64

  init(
    name: String, flags: UInt64, method: UInt64, crc32: UInt32, compressedByteCount: UInt64, byteCount: UInt64,
    offset: UInt64
  ) {
    self.name = name
    self.flags = flags
    self.method = method
    self.crc32 = crc32
    self.compressedByteCount = compressedByteCount
    self.byteCount = byteCount
    self.offset = offset
  }

  /// Takes the numbers that 32 bits cannot state from the zip64 field of `extra`.
  mutating func widen(_ extra: ArraySlice<UInt8>) throws(ZipError) {
    let unstated: UInt64 = 0xFFFF_FFFF
    guard [byteCount, compressedByteCount, offset].contains(unstated) else { return }
    guard var numbers = Self.field(1, in: extra) else { throw .extraField(name) }
    func next() throws(ZipError) -> UInt64 {
      guard numbers.count >= 8 else { throw .extraField(name) }
      defer { numbers = numbers.dropFirst(8) }
      return numbers.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    if byteCount == unstated { byteCount = try next() }
    if compressedByteCount == unstated { compressedByteCount = try next() }
    if offset == unstated { offset = try next() }
  }

  /// The bytes of the first field with this id.
  private static func field(_ id: Int, in extra: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var rest = extra
    while rest.count >= 4 {
      let start = rest.startIndex
      let found = Int(rest[start]) | Int(rest[start + 1]) << 8
      let count = Int(rest[start + 2]) | Int(rest[start + 3]) << 8
      let content = rest.dropFirst(4)
      guard count <= content.count else { return nil }
      if found == id { return content.prefix(count) }
      rest = content.dropFirst(count)
    }
    return nil
  }
}

import CZlib

/// The CRC-32 of zip and gzip, computed by zlib.
public struct CRC32: Sendable {
  /// The sum of the bytes so far.
  public private(set) var value: UInt32 = 0

  /// Creates the sum of no bytes.
  public init() {}

  /// Adds `bytes`.
  public mutating func update(_ bytes: RawSpan) {
    value = bytes.withUnsafeBytes { buffer in
      let start = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return start == nil ? value : UInt32(truncatingIfNeeded: crc32_z(UInt(value), start, buffer.count))
    }
  }

  /// Returns the sum of bytes whose sum is `first`, and `byteCount` more whose sum is `second`.
  public static func combined(_ first: UInt32, _ second: UInt32, byteCount: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_combine(UInt(first), UInt(second), numericCast(byteCount)))
  }

  /// Returns the sum of the bytes `range` of `source`.
  public static func sum(of range: Range<Int>, in source: any ByteSource) throws(FileError) -> UInt32 {
    var sum = CRC32()
    var slab: [UInt8] = []
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(1 << 20, range.upperBound - offset)
      try source.read(at: offset, count: count, into: &slab)
      sum.update(slab.span.bytes.extracting(first: count))
      offset += count
    }
    return sum.value
  }
}

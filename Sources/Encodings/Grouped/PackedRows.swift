/// Codes that are packed along the rows of a stored matrix of little-endian words, lowest bits first.
///
///     b = 4    byte 0   ┌ 1 ┬ 0 ┐    byte 1   ┌ 3 ┬ 2 ┐     code i has bits b·i … b·i + b − 1 of the row
///     b = 3    byte 0   ┌ 2 ┬ 1 ┬ 0 ┐  byte 1 ┌ 5 ┬ 4 ┬ 3 ┬ 2 ┐ …     8 codes in b bytes
///
/// Rows that fill whole words follow each other without a gap, so any number of them is one stream.
enum PackedRows {
  /// The widths of codes that are packed so: 8 codes fill `bitCount` bytes.
  static let bitCounts: Set<Int> = [1, 2, 3, 4, 5, 6, 8]

  /// Unpacks whole periods of 8 codes, a byte each, to the head of `codes`.
  ///
  /// - Parameters:
  ///   - bytes: a multiple of `bitCount` bytes.
  ///   - codes: at least 8 bytes for each `bitCount` bytes.
  static func unpack(_ bytes: RawSpan, bitCount: Int, into codes: inout MutableRawSpan) {
    let periodCount = min(bytes.byteCount / bitCount, codes.byteCount / 8)
    switch bitCount {
    case 1:
      for period in 0..<periodCount { codes.store(spread(UInt64(bytes.byte(period)), bitCount: 1), at: period) }
    case 2:
      for period in 0..<periodCount {
        codes.store(spread(bytes.load(period &* 2, as: UInt16.self), bitCount: 2), at: period)
      }
    case 3:
      for period in 0..<periodCount {
        let low = bytes.load(period &* 3, as: UInt16.self), high = UInt64(bytes.byte(period &* 3 &+ 2))
        codes.store(spread(low | high &<< 16, bitCount: 3), at: period)
      }
    case 4:
      for period in 0..<periodCount {
        var bits = bytes.load(period &* 4, as: UInt32.self)
        bits = (bits | bits &<< 16) & 0x0000_FFFF_0000_FFFF
        bits = (bits | bits &<< 8) & 0x00FF_00FF_00FF_00FF
        codes.store((bits | bits &<< 4) & 0x0F0F_0F0F_0F0F_0F0F, at: period)
      }
    case 5:
      for period in 0..<periodCount {
        let low = bytes.load(period &* 5, as: UInt32.self), high = UInt64(bytes.byte(period &* 5 &+ 4))
        codes.store(spread(low | high &<< 32, bitCount: 5), at: period)
      }
    case 6:
      for period in 0..<periodCount {
        let low = bytes.load(period &* 6, as: UInt32.self), high = bytes.load(period &* 6 &+ 4, as: UInt16.self)
        codes.store(spread(low | high &<< 32, bitCount: 6), at: period)
      }
    default:
      for period in 0..<periodCount { codes.store(bytes.load(period &* 8, as: UInt64.self), at: period) }
    }
  }

  /// The lowest 8 codes of `bits`, a byte each.
  @inline(__always)
  private static func spread(_ bits: UInt64, bitCount: UInt64) -> UInt64 {
    let mask: UInt64 = 1 &<< bitCount &- 1
    var codes: UInt64 = 0
    for code in 0..<8 as Range<UInt64> { codes |= (bits &>> (code &* bitCount) & mask) &<< (code &* 8) }
    return codes
  }
}

extension RawSpan {
  @inline(__always)
  fileprivate func byte(_ offset: Int) -> UInt8 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  fileprivate func load<Word: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Word.Type) -> UInt64 {
    UInt64(truncatingIfNeeded: Word(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type)))
  }
}

extension MutableRawSpan {
  /// Stores the 8 codes of a period.
  @inline(__always)
  fileprivate mutating func store(_ codes: UInt64, at period: Int) {
    storeBytes(of: codes.littleEndian, toByteOffset: period &* 8, as: UInt64.self)
  }
}

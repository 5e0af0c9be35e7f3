import Bytes

/// How integer codes fill 32-bit words, the lowest bits first.
///
///     6 bits, stream        word 0: codes 0 … 4, and 2 bits of code 5; word 1: 4 bits of code 5, codes 6 … 9, …
///     6 bits, whole words   word 0: codes 0 … 4, and 2 idle bits;      word 1: codes 5 … 9, and 2 idle bits
///
/// compressed-tensors packs a stream since 0.18.0. With 1, 2, 4 and 8 bits both are the same.
enum CodePacking: Sendable {
  case stream, wholeWords

  /// The packing of a release, as `version` of a configuration names it: `0.17.1`, `0.9.4.20250509`.
  init?(version: String) {
    let parts = version.split(separator: ".").prefix(2).map { Int($0) }
    guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
    self = major > 0 || minor >= 18 ? .stream : .wholeWords
  }

  /// The words of `count` codes; nil if there are more bits than an integer counts.
  func wordCount(_ count: Int, bitCount: Int) -> Int? {
    switch self {
    case .stream:
      let bits = count.multipliedReportingOverflow(by: bitCount)
      return bits.overflow ? nil : bits.partialValue / 32 + (bits.partialValue % 32 == 0 ? 0 : 1)
    case .wholeWords:
      let codesPerWord = 32 / bitCount
      return count / codesPerWord + (count % codesPerWord == 0 ? 0 : 1)
    }
  }

  /// The word in which code `index` begins, and the bit in it.
  func position(of index: Int, bitCount: Int) -> (word: Int, bit: Int) {
    switch self {
    case .stream:
      let bit = index &* bitCount
      return (bit / 32, bit % 32)
    case .wholeWords:
      let (word, code) = index.quotientAndRemainder(dividingBy: 32 / bitCount)
      return (word, code &* bitCount)
    }
  }

  /// Unpacks the first `count` codes of the words at byte `source`, a byte each, to byte `destination` of `codes`.
  func unpack(
    _ words: RawSpan, at source: Int, count: Int, bitCount: Int, into codes: inout MutableRawSpan, at destination: Int
  ) {
    switch self {
    case .stream:
      Self.unpackStream(words, at: source, count: count, bitCount: bitCount, into: &codes, at: destination)
    case .wholeWords:
      let codesPerWord = 32 / bitCount, mask = UInt32(1) << UInt32(bitCount) - 1
      var index = 0, offset = source
      while index < count {
        var word = UInt32(littleEndian: words.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
        for _ in 0..<min(codesPerWord, count - index) {
          codes.storeBytes(
            of: UInt8(truncatingIfNeeded: word & mask), toByteOffset: destination &+ index, as: UInt8.self)
          word &>>= UInt32(bitCount)
          index &+= 1
        }
        offset &+= 4
      }
    }
  }

  /// Eight codes have as many bytes as a code has bits. Three steps move them to bytes: the upper four to the upper half of
  /// a word of 64 bits, then pairs to quarters, then single codes to eighths.
  private static func unpackStream(
    _ words: RawSpan, at source: Int, count: Int, bitCount: Int, into codes: inout MutableRawSpan, at destination: Int
  ) {
    let bits = UInt64(bitCount)
    let fours = UInt64.max &>> (64 - 4 &* bits)
    let twos = ((1 &<< (2 &* bits)) as UInt64 - 1) &* 0x0000_0001_0000_0001
    let ones = ((1 &<< bits) as UInt64 - 1) &* 0x0001_0001_0001_0001
    var index = 0, offset = source
    while index < count {
      let packed =
        offset + 8 <= words.byteCount
        ? UInt64(littleEndian: words.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        : words.lastBytes(from: offset)
      let halves = packed & fours | ((packed &>> (4 &* bits)) & fours) &<< 32
      let quarters = halves & twos | ((halves &>> (2 &* bits)) & twos) &<< 16
      let eighths = (quarters & ones | ((quarters &>> bits) & ones) &<< 8).littleEndian
      if index + 8 <= count {
        codes.storeBytes(of: eighths, toByteOffset: destination &+ index, as: UInt64.self)
      } else {
        for code in index..<count {
          let byte = UInt8(truncatingIfNeeded: eighths.littleEndian &>> UInt64(8 &* (code &- index)))
          codes.storeBytes(of: byte, toByteOffset: destination &+ code, as: UInt8.self)
        }
      }
      index &+= 8
      offset &+= bitCount
    }
  }
}

extension RawSpan {
  /// The bytes from `offset` to the end, fewer than eight, the first one lowest.
  fileprivate func lastBytes(from offset: Int) -> UInt64 {
    var bytes: UInt64 = 0, shift: UInt64 = 0
    for index in offset..<max(offset, byteCount) {
      bytes |= UInt64(unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self)) &<< shift
      shift &+= 8
    }
    return bytes
  }
}

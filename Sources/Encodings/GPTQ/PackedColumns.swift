import Bytes

/// Codes that are packed along the columns of a stored matrix of 32-bit words, lowest bits first.
///
///     stored words              codes of one column, a row of the result
///         n →                   b = 4:  word r has codes 8r … 8r + 7
///     r ┌───┬───┬───┐           b = 2:  word r has codes 16r … 16r + 15
///     ↓ │   │   │   │           b = 8:  word r has codes 4r … 4r + 3
///       ├───┼───┼───┤           b = 3:  words 3r … 3r + 2, as one number of 96 bits, have codes 32r … 32r + 31
///       │   │   │   │
///       └───┴───┴───┘
///
/// `ReferencePackedColumns` in the tests is the definition; this is the fast version of it.
enum PackedColumns {
  /// The widths of codes that are packed so.
  static let bitCounts = [2, 3, 4, 8]

  /// The rows of words that `codeCount` codes of a column fill.
  static func wordRowCount(codeCount: Int, bitCount: Int) -> Int { (codeCount * bitCount + 31) / 32 }

  /// Unpacks `columnCount` columns of words into as many rows of `codeCount` codes.
  ///
  /// - Parameter words: `wordRowCount` rows of `columnCount` words; a last period of three words may be cut for 3 bits.
  static func unpack(
    _ words: RawSpan, bitCount: Int, columnCount: Int, codeCount: Int, into codes: inout MutableRawSpan
  ) {
    switch bitCount {
    case 2: unpackTwoBits(words, columnCount, codeCount, into: &codes)
    case 3: unpackThreeBits(words, columnCount, codeCount, into: &codes)
    case 4: unpackFourBits(words, columnCount, codeCount, into: &codes)
    default: unpackEightBits(words, columnCount, codeCount, into: &codes)
    }
  }

  /// Columns that are unpacked together: their words of one row fill a cache line.
  private static let tileColumnCount = 16

  private static func unpackFourBits(
    _ words: RawSpan, _ columnCount: Int, _ codeCount: Int, into codes: inout MutableRawSpan
  ) {
    for tile in stride(from: 0, to: columnCount, by: tileColumnCount) {
      let columns = tile..<min(columnCount, tile + tileColumnCount)
      for row in 0..<codeCount / 8 {
        for column in columns {
          let word = words.word((row &* columnCount &+ column) &* 4)
          codes.store(spreadNibbles(word), at: column &* codeCount &+ row &* 8)
        }
      }
      let done = codeCount / 8 * 8
      guard done < codeCount else { continue }
      for column in columns {
        let word = words.word((done / 8 &* columnCount &+ column) &* 4)
        codes.store(spreadNibbles(word), first: codeCount - done, at: column &* codeCount &+ done)
      }
    }
  }

  private static func unpackEightBits(
    _ words: RawSpan, _ columnCount: Int, _ codeCount: Int, into codes: inout MutableRawSpan
  ) {
    for tile in stride(from: 0, to: columnCount, by: tileColumnCount) {
      let columns = tile..<min(columnCount, tile + tileColumnCount)
      for row in 0..<codeCount / 4 {
        for column in columns {
          let word = words.word((row &* columnCount &+ column) &* 4)
          codes.store(word, at: column &* codeCount &+ row &* 4)
        }
      }
      let done = codeCount / 4 * 4
      guard done < codeCount else { continue }
      for column in columns {
        let word = words.word((done / 4 &* columnCount &+ column) &* 4)
        codes.store(UInt64(word), first: codeCount - done, at: column &* codeCount &+ done)
      }
    }
  }

  private static func unpackTwoBits(
    _ words: RawSpan, _ columnCount: Int, _ codeCount: Int, into codes: inout MutableRawSpan
  ) {
    for tile in stride(from: 0, to: columnCount, by: tileColumnCount) {
      let columns = tile..<min(columnCount, tile + tileColumnCount)
      for row in 0..<codeCount / 16 {
        for column in columns {
          let word = words.word((row &* columnCount &+ column) &* 4), target = column &* codeCount &+ row &* 16
          codes.store(spreadPairs(word & 0xFFFF), at: target)
          codes.store(spreadPairs(word &>> 16), at: target &+ 8)
        }
      }
      let done = codeCount / 16 * 16
      guard done < codeCount else { continue }
      for column in columns {
        let word = words.word((done / 16 &* columnCount &+ column) &* 4), target = column &* codeCount &+ done
        codes.store(spreadPairs(word & 0xFFFF), first: min(8, codeCount - done), at: target)
        codes.store(spreadPairs(word &>> 16), first: max(0, codeCount - done - 8), at: target &+ 8)
      }
    }
  }

  private static func unpackThreeBits(
    _ words: RawSpan, _ columnCount: Int, _ codeCount: Int, into codes: inout MutableRawSpan
  ) {
    for tile in stride(from: 0, to: columnCount, by: tileColumnCount) {
      let columns = tile..<min(columnCount, tile + tileColumnCount)
      for period in 0..<codeCount / 32 {
        for column in columns {
          let first = (period &* 3 &* columnCount &+ column) &* 4, step = columnCount &* 4
          let (low, middle, high) = (words.word(first), words.word(first &+ step), words.word(first &+ 2 &* step))
          let target = column &* codeCount &+ period &* 32
          codes.store(spreadTriples(low & 0xFF_FFFF), at: target)
          codes.store(spreadTriples(low &>> 24 | (middle & 0xFFFF) &<< 8), at: target &+ 8)
          codes.store(spreadTriples(middle &>> 16 | (high & 0xFF) &<< 16), at: target &+ 16)
          codes.store(spreadTriples(high &>> 8), at: target &+ 24)
        }
      }
      for column in columns {
        for code in codeCount / 32 * 32..<codeCount {
          let (row, shift) = (code &* 3).quotientAndRemainder(dividingBy: 32)
          var bits = UInt64(words.word((row &* columnCount &+ column) &* 4))
          if shift > 29 { bits |= UInt64(words.word(((row &+ 1) &* columnCount &+ column) &* 4)) &<< 32 }
          codes.store(UInt8(truncatingIfNeeded: bits &>> UInt64(shift)) & 7, at: column &* codeCount &+ code)
        }
      }
    }
  }

  /// Each 4 bits as a byte.
  @inline(__always)
  static func spreadNibbles(_ word: UInt32) -> UInt64 {
    var bits = UInt64(word)
    bits = (bits | bits &<< 16) & 0x0000_FFFF_0000_FFFF
    bits = (bits | bits &<< 8) & 0x00FF_00FF_00FF_00FF
    return (bits | bits &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
  }

  /// Each 2 of 16 bits as a byte.
  @inline(__always)
  private static func spreadPairs(_ half: UInt32) -> UInt64 {
    var bits = UInt64(half)
    bits = (bits | bits &<< 24) & 0x0000_00FF_0000_00FF
    bits = (bits | bits &<< 12) & 0x000F_000F_000F_000F
    return (bits | bits &<< 6) & 0x0303_0303_0303_0303
  }

  /// Each 3 of 24 bits as a byte.
  @inline(__always)
  private static func spreadTriples(_ bits: UInt32) -> UInt64 {
    var bits = UInt64(bits)
    bits = (bits | bits &<< 20) & 0x0000_0FFF_0000_0FFF
    bits = (bits | bits &<< 10) & 0x003F_003F_003F_003F
    return (bits | bits &<< 5) & 0x0707_0707_0707_0707
  }
}

extension RawSpan {
  /// The word at a byte offset.
  @inline(__always)
  func word(_ offset: Int) -> UInt32 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self) }
}

extension MutableRawSpan {
  @inline(__always)
  mutating func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
    storeBytes(of: value, toByteOffset: offset, as: Value.self)
  }

  /// Stores the first bytes of eight.
  mutating func store(_ bytes: UInt64, first count: Int, at offset: Int) {
    for index in 0..<count { store(UInt8(truncatingIfNeeded: bytes &>> UInt64(8 * index)), at: offset + index) }
  }
}

// 32 quants of five bits, as stored in Q5_0 and Q5_1.
//
//    0 ┊ fifth bits u32 (bit j of element j) │ 4 ┊ 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 20

func packedFiveBits(_ quants: [UInt8]) -> [UInt8] {
  var fifthBits: UInt32 = 0
  for (index, quant) in quants.enumerated() { fifthBits |= UInt32((quant >> 4) & 1) << UInt32(index) }
  return (0..<4).map { UInt8(truncatingIfNeeded: fifthBits >> (8 * $0)) }
    + (0..<16).map { (quants[$0] & 15) | (quants[$0 + 16] & 15) << 4 }
}

func unpackedFiveBits(_ bytes: ArraySlice<UInt8>) -> [Int] {
  let fifthBits = bytes.prefix(4)
  let nibbles = bytes.dropFirst(4).map { Int($0 & 15) } + bytes.dropFirst(4).map { Int($0 >> 4) }
  return nibbles.enumerated().map { index, nibble in
    nibble | Int(fifthBits[fifthBits.startIndex + index / 8] >> UInt8(index % 8) & 1) << 4
  }
}

/// Elements 0…15 and 16…31.
@inline(__always)
func fiveBitQuants(_ bytes: RawSpan, at offset: Int) -> (SIMD16<UInt8>, SIMD16<UInt8>) {
  let fifthBits = bytes.word(at: offset)
  let nibbles = bytes.bytes16(at: offset &+ 4)
  return (
    nibbles.lowNibbles | SIMD16<UInt8>(fifthBits: UInt16(truncatingIfNeeded: fifthBits)),
    nibbles.highNibbles | SIMD16<UInt8>(fifthBits: UInt16(truncatingIfNeeded: fifthBits >> 16))
  )
}

@inline(__always)
func storeFiveBitQuants(
  _ low: SIMD16<UInt8>, _ high: SIMD16<UInt8>, into bytes: inout MutableRawSpan, at offset: Int
) {
  bytes.store(UInt32(low.fifthBits) | UInt32(high.fifthBits) << 16, at: offset)
  bytes.store(low.lowNibbles | (high &<< SIMD16<UInt8>(repeating: 4)), at: offset &+ 4)
}

// Q4_0: 32 elements per block, 4.5 bits per element.
//
//    0 ┊ scale f16 │ 2 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 18
//
// w = scale · (q − 8).  Encoding: scale = m / −8, where m is the first element of maximum magnitude, with its sign;
// q = w · (1 / scale) + 8.5 truncated, at most 15.
// Same bytes as ggml-quants.c `quantize_row_q4_0_ref`, `dequantize_row_q4_0` (llama.cpp 0c1e57098).

enum Q4_0: BlockDecoder, WeightedNibbleEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 18

    static func encode(_ values: [Float]) -> [UInt8] {
      let scale = firstOfGreatestMagnitude(values) / -8
      let inverse = inverseOrZero(scale)
      let quants = values.map { value in
        UInt8(truncatingIfNeeded: min(15, Int8(truncatingIfNeeded: truncatedAsX86(value * inverse + 8.5))))
      }
      return scale.halfBytes + (0..<16).map { quants[$0] | quants[$0 + 16] << 4 }
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      let quants = block[2...]
      return quants.map { Float(Int($0 & 15) - 8) * scale } + quants.map { Float(Int($0 >> 4) - 8) * scale }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let quants = bytes.bytes16(at: source &+ 2)
    values.storeScaled(quants.lowNibbles, minus: 8, by: scale, at: destination)
    values.storeScaled(quants.highNibbles, minus: 8, by: scale, at: destination &+ 64)
  }

  static let search = SmallBlockSearch.symmetric(maximum: 8)

  static let basis = SmallBlockBasis.signedMagnitude

  @inline(__always)
  static func scales(extreme: Floats, greatest: Floats) -> Floats {
    extreme * Floats(repeating: -0.125)
  }

  @inline(__always)
  static func encodeBlock(
    _ block: Block32, scaleBits: UInt16, least: Float, inverse: Float, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let (low, high) = block.quants(times: inverse, plus: 8.5)
    // Only the extreme of the opposite sign gives 16, which becomes 15.
    let quants = (low &- low.highNibbles) | ((high &- high.highNibbles) &<< SIMD16<UInt8>(repeating: 4))
    bytes.store(scaleBits, at: destination)
    bytes.store(quants, at: destination &+ 2)
  }
}

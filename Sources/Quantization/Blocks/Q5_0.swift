// Q5_0: 32 elements per block, 5.5 bits per element.
//
//    0 ┊ scale f16 │ 2 ┊ fifth bits u32 (bit j of element j) │
//    6 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 22
//
// w = scale · (q − 16).  Encoding: scale = m / −16, where m is the first element of maximum magnitude, with its sign;
// q = w · (1 / scale) + 16.5 truncated, at most 31.
// Same bytes as ggml-quants.c `quantize_row_q5_0_ref`, `dequantize_row_q5_0` (llama.cpp 0c1e57098).

enum Q5_0: BlockDecoder, WeightedFiveBitEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 22

    static func encode(_ values: [Float]) -> [UInt8] {
      let scale = firstOfGreatestMagnitude(values) / -16
      let inverse = inverseOrZero(scale)
      let quants = values.map { value in
        UInt8(truncatingIfNeeded: min(31, Int8(truncatingIfNeeded: truncatedAsX86(value * inverse + 16.5))))
      }
      return scale.halfBytes + packedFiveBits(quants)
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return unpackedFiveBits(block[2...]).map { Float($0 - 16) * scale }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let (low, high) = fiveBitQuants(bytes, at: source &+ 2)
    values.storeScaled(low, minus: 16, by: scale, at: destination)
    values.storeScaled(high, minus: 16, by: scale, at: destination &+ 64)
  }

  static let search = SmallBlockSearch.symmetric(maximum: 16)

  static let basis = SmallBlockBasis.signedMagnitude

  @inline(__always)
  static func scales(extreme: Floats, greatest: Floats) -> Floats {
    extreme * Floats(repeating: -0.0625)
  }

  @inline(__always)
  static func encodeBlock(
    _ block: Block32, scaleBits: UInt16, least: Float, inverse: Float, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let (low, high) = block.quants(times: inverse, plus: 16.5)
    // Only the extreme of the opposite sign gives 32, which becomes 31.
    let five = SIMD16<UInt8>(repeating: 5)
    bytes.store(scaleBits, at: destination)
    storeFiveBitQuants(low &- (low &>> five), high &- (high &>> five), into: &bytes, at: destination &+ 2)
  }
}

// Q4_1: 32 elements per block, 5 bits per element.
//
//    0 ┊ scale f16 │ 2 ┊ minimum f16 │ 4 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 20
//
// w = scale · q + minimum.  Encoding: scale = (max w − min w) / 15, q = (w − min w) · (1 / scale) + 0.5 truncated, at
// most 15.
// Same bytes as ggml-quants.c `quantize_row_q4_1_ref`, `dequantize_row_q4_1` (llama.cpp 0c1e57098).

enum Q4_1: BlockDecoder, WeightedNibbleEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 20

    static func encode(_ values: [Float]) -> [UInt8] {
      let (least, greatest) = firstLeastAndGreatest(values)
      let scale = (greatest - least) / 15
      let inverse = inverseOrZero(scale)
      let quants = values.map { value in
        UInt8(truncatingIfNeeded: min(15, Int8(truncatingIfNeeded: truncatedAsX86((value - least) * inverse + 0.5))))
      }
      return scale.halfBytes + least.halfBytes + (0..<16).map { quants[$0] | quants[$0 + 16] << 4 }
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      let minimum = block.half(at: 2)
      let quants = block[4...]
      return quants.map { Float($0 & 15) * scale + minimum } + quants.map { Float($0 >> 4) * scale + minimum }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let minimum = bytes.half(at: source &+ 2)
    let quants = bytes.bytes16(at: source &+ 4)
    values.storeScaled(quants.lowNibbles, by: scale, plus: minimum, at: destination)
    values.storeScaled(quants.highNibbles, by: scale, plus: minimum, at: destination &+ 64)
  }

  static let search = SmallBlockSearch.affine(maximum: 15)

  static let basis = SmallBlockBasis.range

  @inline(__always)
  static func scales(extreme: Floats, greatest: Floats) -> Floats {
    ((greatest - extreme) / Floats(repeating: 15)).choosing(Floats.zero, where: greatest .== extreme)
  }

  @inline(__always)
  static func encodeBlock(
    _ block: Block32, scaleBits: UInt16, least: Float, inverse: Float, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let (low, high) = block.quants(above: least, times: inverse)
    bytes.store(scaleBits, at: destination)
    bytes.store(least.halfBits, at: destination &+ 2)
    // 16 would become 15.
    let quants = (low &- low.highNibbles) | ((high &- high.highNibbles) &<< SIMD16<UInt8>(repeating: 4))
    bytes.store(quants, at: destination &+ 4)
  }
}

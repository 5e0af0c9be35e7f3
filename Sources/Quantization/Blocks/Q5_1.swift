// Q5_1: 32 elements per block, 6 bits per element.
//
//    0 ┊ scale f16 │ 2 ┊ minimum f16 │ 4 ┊ fifth bits u32 (bit j of element j) │
//    8 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 24
//
// w = scale · q + minimum.  Encoding: scale = (max w − min w) / 31, q = (w − min w) · (1 / scale) + 0.5 truncated.
// Same bytes as ggml-quants.c `quantize_row_q5_1_ref`, `dequantize_row_q5_1` (llama.cpp 0c1e57098).

enum Q5_1: BlockDecoder, WeightedFiveBitEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 24

    static func encode(_ values: [Float]) -> [UInt8] {
      let (least, greatest) = firstLeastAndGreatest(values)
      let scale = (greatest - least) / 31
      let inverse = inverseOrZero(scale)
      let quants = values.map { UInt8(truncatingIfNeeded: truncatedAsX86(($0 - least) * inverse + 0.5)) }
      return scale.halfBytes + least.halfBytes + packedFiveBits(quants)
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      let minimum = block.half(at: 2)
      return unpackedFiveBits(block[4...]).map { Float($0) * scale + minimum }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let minimum = bytes.half(at: source &+ 2)
    let (low, high) = fiveBitQuants(bytes, at: source &+ 4)
    values.storeScaled(low, by: scale, plus: minimum, at: destination)
    values.storeScaled(high, by: scale, plus: minimum, at: destination &+ 64)
  }

  static let search = SmallBlockSearch.affine(maximum: 31)

  static let basis = SmallBlockBasis.range

  @inline(__always)
  static func scales(extreme: Floats, greatest: Floats) -> Floats {
    ((greatest - extreme) / Floats(repeating: 31)).choosing(Floats.zero, where: greatest .== extreme)
  }

  @inline(__always)
  static func encodeBlock(
    _ block: Block32, scaleBits: UInt16, least: Float, inverse: Float, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let (low, high) = block.quants(above: least, times: inverse)
    bytes.store(scaleBits, at: destination)
    bytes.store(least.halfBits, at: destination &+ 2)
    storeFiveBitQuants(low, high, into: &bytes, at: destination &+ 4)
  }
}

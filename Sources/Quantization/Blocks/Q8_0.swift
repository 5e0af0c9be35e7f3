// Q8_0: 32 elements per block, 8.5 bits per element.
//
//    0 ┊ scale f16 │ 2 ┊ quants 32 × int8 │ 34
//
// w = scale · q.  Encoding: scale = max|w| / 127, q = w · (1 / scale) rounded half away from zero, with the scale as a
// float, before it is stored as a half.
// Same bytes as ggml-quants.c `quantize_row_q8_0_ref`, `dequantize_row_q8_0` (llama.cpp 0c1e57098).

enum Q8_0: BlockDecoder, SmallBlockEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 34

    static func encode(_ values: [Float]) -> [UInt8] {
      let maximum = values.reduce(0) { max($0, abs($1)) }
      let scale = maximum / 127
      let inverse = inverseOrZero(scale)
      return scale.halfBytes
        + values.map { value in
          UInt8(truncatingIfNeeded: truncatedAsX86((value * inverse).rounded(.toNearestOrAwayFromZero)))
        }
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return block[2...].map { Float(Int8(bitPattern: $0)) * scale }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    values.storeScaled(bytes.bytes16(at: source &+ 2).raisedBy128, minus: 128, by: scale, at: destination)
    values.storeScaled(bytes.bytes16(at: source &+ 18).raisedBy128, minus: 128, by: scale, at: destination &+ 64)
  }

  static let basis = SmallBlockBasis.magnitude

  @inline(__always)
  static func scales(extreme: Floats, greatest: Floats) -> Floats {
    extreme / Floats(repeating: 127)
  }

  @inline(__always)
  static func encodeBlock(
    _ block: Block32, scaleBits: UInt16, least: Float, inverse: Float, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let factor = Floats(repeating: inverse)
    bytes.store(scaleBits, at: destination)
    bytes.store(
      lowBytes((block.first * factor).roundedHalfAway, (block.second * factor).roundedHalfAway), at: destination &+ 2)
    bytes.store(
      lowBytes((block.third * factor).roundedHalfAway, (block.fourth * factor).roundedHalfAway), at: destination &+ 18)
  }
}

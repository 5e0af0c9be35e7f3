// Q2_K: 256 elements to a block, 2.625 bits per element.
//
//    0 ┊ 16 × (scale in bits 3…0, minimum in bits 7…4), one for 16 elements │ 16 ┊ quants 64 bytes │
//   80 ┊ scale of scales f16 │ 82 ┊ scale of minimums f16 │ 84
//
// Elements go in eight runs of 32: run r is bits 2·(r mod 4)+1…2·(r mod 4) of the quant bytes 32·(r div 4)…+31.
// w = (scale of scales · scale) · q − (scale of minimums · minimum)
// Same floats as ggml-quants.c `dequantize_row_q2_K` (llama.cpp 0c1e57098).

enum Q2_K: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 84

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 80)
      let minimum = block.half(at: 82)
      return (0..<256).map { element in
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        let quant = (block[16 + run / 4 * 32 + place] >> UInt8(run % 4 * 2)) & 3
        let packed = block[element / 16]
        return scale * Float(packed & 15) * Float(quant) - minimum * Float(packed >> 4)
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source &+ 80)
    let minimum = bytes.half(at: source &+ 82)
    let three = SIMD16<UInt8>(repeating: 3)
    for group in 0..<16 {
      let run = group &>> 1
      let quants = bytes.bytes16(at: source &+ 16 &+ (run &>> 2) &* 32 &+ (group & 1) &* 16)
      let shift = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: (run & 3) &* 2))
      let packed = bytes.byte(at: source &+ group)
      values.storeScaled(
        (quants &>> shift) & three, by: scale * Float(packed & 15), plus: -(minimum * Float(packed >> 4)),
        at: destination &+ group &* 64)
    }
  }
}

// Q3_K: 256 elements to a block, 3.4375 bits per element.
//
//    0 ┊ high bits 32 bytes │ 32 ┊ low bits 64 bytes │ 96 ┊ 16 scales of 6 bits, one for 16 elements │ 108 ┊ scale f16 │ 110
//
// Elements go in eight runs of 32: run r is bits 2·(r mod 4)+1…2·(r mod 4) of the low bytes 32·(r div 4)…+31, and bit r of the
// high bytes. Scale i is in bits 3…0 (i < 8) or 7…4 of byte 96 + i mod 8, its upper two bits in byte 104 + i mod 4 from
// bit 2·(i div 4) on.
// w = (scale · (scale i − 32)) · (low + 4 · high − 4)
// Same floats as ggml-quants.c `dequantize_row_q3_K` (llama.cpp 0c1e57098).

enum Q3_K: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 110

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 108)
      return (0..<256).map { element in
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        let low = (block[32 + run / 4 * 32 + place] >> UInt8(run % 4 * 2)) & 3
        let high = (block[place] >> UInt8(run)) & 1
        let index = element / 16
        let lowScale = (block[96 + index % 8] >> UInt8(index / 8 * 4)) & 15
        let highScale = (block[104 + index % 4] >> UInt8(index / 4 * 2)) & 3
        return scale * Float(Int(lowScale | highScale << 4) - 32) * Float(Int(low | high << 2) - 4)
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source &+ 108)
    let three = SIMD16<UInt8>(repeating: 3)
    let one = SIMD16<UInt8>(repeating: 1)
    for group in 0..<16 {
      let run = group &>> 1
      let half = (group & 1) &* 16
      let low = bytes.bytes16(at: source &+ 32 &+ (run &>> 2) &* 32 &+ half)
      let high = bytes.bytes16(at: source &+ half)
      let lowShift = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: (run & 3) &* 2))
      let highShift = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: run))
      let quants = ((low &>> lowShift) & three) | (((high &>> highShift) & one) &<< SIMD16<UInt8>(repeating: 2))

      let lowScale = Int(bytes.byte(at: source &+ 96 &+ (group & 7))) &>> ((group &>> 3) &* 4) & 15
      let highScale = Int(bytes.byte(at: source &+ 104 &+ (group & 3))) &>> ((group &>> 2) &* 2) & 3
      values.storeScaled(
        quants, minus: 4, by: scale * Float((lowScale | highScale &<< 4) &- 32),
        at: destination &+ group &* 64)
    }
  }
}

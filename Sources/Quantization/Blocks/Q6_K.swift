// Q6_K: 256 elements to a block, 6.5625 bits per element.
//
//    0 ┊ low bits 128 bytes │ 128 ┊ high bits 64 bytes │ 192 ┊ 16 scales int8, one for 16 elements │ 208 ┊ scale f16 │ 210
//
// Elements go in eight runs of 32. With h = r div 4 and k = r mod 4, run r is bits 3…0 (k < 2) or 7…4 of the low bytes
// 64·h + 32·(k mod 2)…+31, and bits 2·k+1…2·k of the high bytes 32·h…+31.
// w = (scale · scale of 16) · (low + 16 · high − 32)
// Same floats as ggml-quants.c `dequantize_row_q6_K` (llama.cpp 0c1e57098).

enum Q6_K: BlockDecoder {
  enum Reference: ReferenceDecoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 210

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 208)
      return (0..<256).map { element in
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        let (half, quarter) = run.quotientAndRemainder(dividingBy: 4)
        let low = (block[half * 64 + quarter % 2 * 32 + place] >> UInt8(quarter / 2 * 4)) & 15
        let high = (block[128 + half * 32 + place] >> UInt8(quarter * 2)) & 3
        let innerScale = Int8(bitPattern: block[192 + element / 16])
        return scale * Float(innerScale) * Float(Int(low | high << 4) - 32)
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source &+ 208)
    let three = SIMD16<UInt8>(repeating: 3)
    let four = SIMD16<UInt8>(repeating: 4)
    for group in 0..<16 {
      let half = group &>> 3
      let quarter = (group &>> 1) & 3
      let place = (group & 1) &* 16
      let low = bytes.bytes16(at: source &+ half &* 64 &+ (quarter & 1) &* 32 &+ place)
      let high = bytes.bytes16(at: source &+ 128 &+ half &* 32 &+ place)
      let lowShift = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: (quarter &>> 1) &* 4))
      let highShift = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: quarter &* 2))
      let quants = ((low &>> lowShift) & SIMD16<UInt8>(repeating: 15)) | (((high &>> highShift) & three) &<< four)
      let innerScale = Int8(bitPattern: bytes.byte(at: source &+ 192 &+ group))
      values.storeScaled(
        quants, minus: 32, by: scale * Float(innerScale), at: destination &+ group &* 64)
    }
  }
}

// Q5_K: 256 elements per super-block, 5.5 bits per element.
//
//    0 ┊ scale of scales f16 │ 2 ┊ scale of minimums f16 │ 4 ┊ scales and minimums (SixBitScales.swift) │
//   16 ┊ fifth bits 32 bytes │ 48 ┊ low bits 128 bytes │ 176
//
// There are eight sub-blocks of 32 elements, each with a scale and a minimum: sub-block r is bits 3…0 (r even) or 7…4
// (r odd) of the low bytes 32·(r div 2)…+31, and bit r of the fifth-bit bytes.
// w = (scale of scales · scale) · (low + 16 · fifth) − (scale of minimums · minimum)
// Encoding: EightSubBlocks.swift.
// Same bytes as ggml-quants.c `quantize_row_q5_K_ref`, `dequantize_row_q5_K` (llama.cpp 0c1e57098).

enum Q5_K: BlockDecoder, EightRunEncoder {
  enum Reference: ReferenceDecoder, WeightedReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 176

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8] {
      let (head, quants) = encodeEightRuns(values, search, importance: importance)
      var packed = [UInt8](repeating: 0, count: 160)
      for (element, quant) in quants.enumerated() {
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        packed[place] |= UInt8(quant >> 4) << UInt8(run)
        packed[32 + run / 2 * 32 + place] |= UInt8(quant & 15) << UInt8(run % 2 * 4)
      }
      return head + packed
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scaleOfScales = block.half(at: 0)
      let scaleOfMinimums = block.half(at: 2)
      return (0..<256).map { element in
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        let (scale, minimum) = sixBitScale(run) { block[4 + $0] }
        let low = (block[48 + run / 2 * 32 + place] >> UInt8(run % 2 * 4)) & 15
        let fifth = (block[16 + place] >> UInt8(run)) & 1
        return scaleOfScales * scale * Float(low | fifth << 4) - scaleOfMinimums * minimum
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scaleOfScales = bytes.half(at: source)
    let scaleOfMinimums = bytes.half(at: source &+ 2)
    for pair in 0..<4 {
      let (evenScale, evenMinimum) = sixBitScale(pair &* 2) { bytes.byte(at: source &+ 4 &+ $0) }
      let (oddScale, oddMinimum) = sixBitScale(pair &* 2 &+ 1) { bytes.byte(at: source &+ 4 &+ $0) }
      let shift = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: pair &* 2))
      for half in 0..<2 {
        let low = bytes.bytes16(at: source &+ 48 &+ pair &* 32 &+ half &* 16)
        let fifth = bytes.bytes16(at: source &+ 16 &+ half &* 16) &>> shift
        let evenFifth = (fifth & SIMD16<UInt8>(repeating: 1)) &<< SIMD16<UInt8>(repeating: 4)
        let oddFifth = (fifth & SIMD16<UInt8>(repeating: 2)) &<< SIMD16<UInt8>(repeating: 3)
        let target = destination &+ pair &* 256 &+ half &* 64
        values.storeScaled(
          low.lowNibbles | evenFifth, by: scaleOfScales * evenScale, plus: -(scaleOfMinimums * evenMinimum), at: target)
        values.storeScaled(
          low.highNibbles | oddFifth, by: scaleOfScales * oddScale, plus: -(scaleOfMinimums * oddMinimum),
          at: target &+ 128)
      }
    }
  }

  static let search = AffineSearch(
    maximum: 31, first: -0.5, step: 0.1, stepCount: 15, deviation: .squared)

  @inline(__always)
  static func store(
    _ runs: EightSubBlocks, _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    runs.storeHead(into: &bytes, at: destination)
    var fifthBits = Words.zero
    runs.forEachPair(of: values, at: source, maximum: 31) { pair, even, odd in
      let two = (even.bits(16) >> 4 | odd.bits(16) >> 3).ordered
      fifthBits |= two &<< UInt32(truncatingIfNeeded: pair &* 2)
      bytes.store((even.bits(15) | odd.bits(15) << 4).ordered, at: destination &+ 48 &+ pair &* 32)
    }
    bytes.store(fifthBits, at: destination &+ 16)
  }
}

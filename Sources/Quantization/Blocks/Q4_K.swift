// Q4_K: 256 elements per super-block, 4.5 bits per element.
//
//    0 ┊ scale of scales f16 │ 2 ┊ scale of minimums f16 │ 4 ┊ scales and minimums (SixBitScales.swift) │
//   16 ┊ quants 128 bytes │ 144
//
// There are eight sub-blocks of 32 elements, each with a scale and a minimum: sub-block r is bits 3…0 (r even) or 7…4
// (r odd) of the quant bytes 32·(r div 2)…+31.
// w = (scale of scales · scale) · q − (scale of minimums · minimum)
// Encoding: EightSubBlocks.swift.
// Same bytes as ggml-quants.c `quantize_row_q4_K_ref`, `dequantize_row_q4_K` (llama.cpp 0c1e57098).

enum Q4_K: BlockDecoder, EightRunEncoder {
  enum Reference: ReferenceDecoder, WeightedReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 144

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8] {
      let (head, quants) = encodeEightRuns(values, search, importance: importance)
      var packed = [UInt8](repeating: 0, count: 128)
      for (element, quant) in quants.enumerated() {
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        packed[run / 2 * 32 + place] |= UInt8(quant) << UInt8(run % 2 * 4)
      }
      return head + packed
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scaleOfScales = block.half(at: 0)
      let scaleOfMinimums = block.half(at: 2)
      return (0..<256).map { element in
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        let (scale, minimum) = sixBitScale(run) { block[4 + $0] }
        let quant = (block[16 + run / 2 * 32 + place] >> UInt8(run % 2 * 4)) & 15
        return scaleOfScales * scale * Float(quant) - scaleOfMinimums * minimum
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
      for half in 0..<2 {
        let quants = bytes.bytes16(at: source &+ 16 &+ pair &* 32 &+ half &* 16)
        let target = destination &+ pair &* 256 &+ half &* 64
        values.storeScaled(
          quants.lowNibbles, by: scaleOfScales * evenScale, plus: -(scaleOfMinimums * evenMinimum), at: target)
        values.storeScaled(
          quants.highNibbles, by: scaleOfScales * oddScale, plus: -(scaleOfMinimums * oddMinimum), at: target &+ 128)
      }
    }
  }

  static let search = AffineSearch(
    maximum: 15, first: -1, step: 0.1, stepCount: 20, deviation: .squared)

  @inline(__always)
  static func store(
    _ runs: EightSubBlocks, _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    runs.storeHead(into: &bytes, at: destination)
    runs.forEachPair(of: values, at: source, maximum: 15) { pair, even, odd in
      bytes.store((even | odd << 4).ordered, at: destination &+ 16 &+ pair &* 32)
    }
  }
}

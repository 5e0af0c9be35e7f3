// Q6_K: 256 elements per super-block, 6.5625 bits per element.
//
//    0 ┊ low bits 128 bytes │ 128 ┊ high bits 64 bytes │ 192 ┊ 16 scales int8, one for 16 elements │ 208 ┊ scale f16 │ 210
//
// There are eight groups of 32. With h = r div 4 and k = r mod 4, group r is bits 3…0 (k < 2) or 7…4 of the low bytes
// 64·h + 32·(k mod 2)…+31, and bits 2·k+1…2·k of the high bytes 32·h…+31.
// w = (scale · scale of 16) · (low + 16 · high − 32)
//
// Encoding: the best scale of each 16 by SymmetricSearch.swift, with weights w², or the importance of each element. The
// scale of maximum magnitude becomes −128 of the inner scales, the others are rounded; then elements are divided by the
// product of both stored scales. If that product is zero, the quants of the search are kept.
// Same bytes as ggml-quants.c `quantize_row_q6_K_ref`, `dequantize_row_q6_K` (llama.cpp 0c1e57098).

enum Q6_K: BlockDecoder, WeightedSuperBlockEncoder {
  enum Reference: ReferenceDecoder, WeightedReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 210

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8] {
      let weights = importance ?? values.map { $0 * $0 }
      let groups = (0..<16).map { Array(values[$0 * 16..<$0 * 16 + 16]) }
      let searches = (0..<16).map {
        symmetricSearch(groups[$0], weights: Array(weights[$0 * 16..<$0 * 16 + 16]), maximum: 32)
      }
      let greatest = firstOfGreatestMagnitude(searches.map(\.scale))
      if abs(greatest) < negligibleMagnitude { return [UInt8](repeating: 0, count: bytesPerBlock) }

      let inverse = -128 / greatest
      let storedScale = (1 / inverse).halfBytes
      let innerScales = searches.map { Int8(truncatingIfNeeded: min(127, nearestInteger(inverse * $0.scale))) }
      let quants = (0..<16).flatMap { index in
        let scale = storedScale.half(at: 0) * Float(innerScales[index])
        if scale == 0 { return searches[index].quants }
        return groups[index].map { nearestInteger($0 / scale).clamped(-32, 31) + 32 }
      }

      var block = [UInt8](repeating: 0, count: 192)
      for (element, quant) in quants.enumerated() {
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        let (half, quarter) = run.quotientAndRemainder(dividingBy: 4)
        block[half * 64 + quarter % 2 * 32 + place] |= UInt8(quant & 15) << UInt8(quarter / 2 * 4)
        block[128 + half * 32 + place] |= UInt8(quant >> 4) << UInt8(quarter * 2)
      }
      return block + innerScales.map { UInt8(bitPattern: $0) } + storedScale
    }

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

  static func encodeBlock(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int) {
    let low: InlineArray<16, Floats> = values.subBlocks(at: source)
    let high: InlineArray<16, Floats> = values.subBlocks(at: source &+ 512)
    let searches = searched(low, low.mapped { $0 * $0 }, high, high.mapped { $0 * $0 })
    store(low, searches.low, high, searches.high, into: &bytes, at: destination)
  }

  static func encodeBlock(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let low: InlineArray<16, Floats> = values.subBlocks(at: source)
    let high: InlineArray<16, Floats> = values.subBlocks(at: source &+ 512)
    let searches = searched(low, importance.subBlocks(at: source), high, importance.subBlocks(at: source &+ 512))
    store(low, searches.low, high, searches.high, into: &bytes, at: destination)
  }

  @inline(__always)
  private static func searched(
    _ low: InlineArray<16, Floats>, _ lowWeights: InlineArray<16, Floats>, _ high: InlineArray<16, Floats>,
    _ highWeights: InlineArray<16, Floats>
  ) -> (low: SymmetricLanes<Floats>, high: SymmetricLanes<Floats>) {
    guard SixteenFloats.areFaster else {
      return (
        SymmetricLanes(low, weights: lowWeights, maximum: 32), SymmetricLanes(high, weights: highWeights, maximum: 32)
      )
    }
    return SymmetricLanes<SixteenFloats>(low.beside(high), weights: lowWeights.beside(highWeights), maximum: 32).halves
  }

  /// Stores both halves of a block, searched.
  @inline(__always)
  private static func store(
    _ low: InlineArray<16, Floats>, _ lowSearch: SymmetricLanes<Floats>, _ high: InlineArray<16, Floats>,
    _ highSearch: SymmetricLanes<Floats>, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let greatest = SIMD16(lowHalf: lowSearch.scale, highHalf: highSearch.scale).firstOfGreatestMagnitude
    if abs(greatest) < negligibleMagnitude {
      for offset in 0..<Reference.bytesPerBlock { bytes.store(0 as UInt8, at: destination &+ offset) }
      return
    }
    let inverse = -128 / greatest
    let scaleBits = (1 / inverse).halfBits
    bytes.store(scaleBits, at: destination &+ 208)
    let scale = Float(halfBits: scaleBits)
    encodeHalf(
      low, lowSearch, inverse: inverse, scale: scale, into: &bytes, low: destination, high: destination &+ 128,
      innerScales: destination &+ 192)
    encodeHalf(
      high, highSearch, inverse: inverse, scale: scale, into: &bytes, low: destination &+ 64, high: destination &+ 160,
      innerScales: destination &+ 200)
  }

  /// Encodes 128 elements to the offsets of their low bits, high bits and inner scales.
  @inline(__always)
  private static func encodeHalf(
    _ values: InlineArray<16, Floats>, _ search: SymmetricLanes<Floats>, inverse: Float, scale: Float,
    into bytes: inout MutableRawSpan, low: Int, high: Int, innerScales: Int
  ) {
    let rounded = (Floats(repeating: inverse) * search.scale).nearest.lesser(Floats(repeating: 127))
    let inner = SIMD8<Int8>(truncatingIfNeeded: (rounded + Floats(repeating: roundingShift)).words)
    bytes.store(inner, at: innerScales)
    let divisor = Floats(repeating: scale) * Floats(inner)
    let keepsSearch = divisor .== Floats.zero
    let anyKeepsSearch = keepsSearch.isAnySet
    let values = values.span
    for place in stride(from: 0, to: 16, by: 4) {
      let words = Words(bytes: { next in
        let elements = values[place &+ next]
        var quants = (elements / divisor).nearest.clamped(-32, 31) + Floats(repeating: 32)
        if anyKeepsSearch { quants.choose(search.quants(elements), where: keepsSearch) }
        return quants.wholeWords
      })
      let lowBits = words & Words(repeating: 0x0F0F_0F0F)
      let lowBytes = lowBits.lowHalf | (lowBits.highHalf &<< 4)
      bytes.store(lowBytes[0], at: low &+ place)
      bytes.store(lowBytes[1], at: low &+ place &+ 16)
      bytes.store(lowBytes[2], at: low &+ place &+ 32)
      bytes.store(lowBytes[3], at: low &+ place &+ 48)
      let (even, odd) = ((words &>> 4) & Words(repeating: 0x0303_0303)).fourRunsOfTwoBits
      bytes.store(even, at: high &+ place)
      bytes.store(odd, at: high &+ place &+ 16)
    }
  }
}

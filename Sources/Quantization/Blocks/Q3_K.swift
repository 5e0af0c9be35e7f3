// Q3_K: 256 elements per super-block, 3.4375 bits per element.
//
//    0 ┊ high bits 32 bytes │ 32 ┊ low bits 64 bytes │ 96 ┊ 16 scales of 6 bits, one for 16 elements │ 108 ┊ scale f16 │ 110
//
// There are eight groups of 32: group r is bits 2·(r mod 4)+1…2·(r mod 4) of the low bytes 32·(r div 4)…+31, and bit r
// of the high bytes. Scale i is in bits 3…0 (i < 8) or 7…4 of byte 96 + i mod 8, its upper two bits in byte 104 + i mod
// 4 from bit 2·(i div 4) on.
// w = (scale · (scale i − 32)) · (low + 4 · high − 4)
//
// Encoding: the best scale of each 16 by DescentSearch.swift. The scale of maximum magnitude becomes −32 of the inner
// scales, the others are rounded; then elements are divided by the product of both stored scales. If that product is
// zero, the quants of the search are kept. With an importance matrix, SymmetricSearch.swift finds the scales, and then
// the scale of these scales; the weight of 16 elements is the sum of their weights.
// Same bytes as ggml-quants.c `quantize_row_q3_K_ref`, `dequantize_row_q3_K` (llama.cpp 0c1e57098).

enum Q3_K: BlockDecoder, WeightedSuperBlockEncoder {
  enum Reference: ReferenceDecoder, WeightedReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 110

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8] {
      if let importance { return encodeWeighted(values, importance) }
      let groups = (0..<16).map { Array(values[$0 * 16..<$0 * 16 + 16]) }
      let searches = groups.map { descentSearch($0, maximum: 4) }
      let greatest = firstOfGreatestMagnitude(searches.map(\.scale))
      let inverse = greatest == 0 ? 0 : -32 / greatest
      let storedScale = (greatest == 0 ? 0 : 1 / inverse).halfBytes
      // Six bits each; in a block without a scale all bits are zero, which means −32.
      let innerScales = searches.map { search in
        greatest == 0 ? 0 : Int(Int8(truncatingIfNeeded: nearestInteger(inverse * search.scale))).clamped(-32, 31) + 32
      }
      let quants = (0..<16).flatMap { index in
        let scale = storedScale.half(at: 0) * Float(innerScales[index] - 32)
        if scale == 0 { return searches[index].quants }
        return groups[index].map { nearestInteger($0 / scale).clamped(-4, 3) + 4 }
      }
      return packed(quants, innerScales) + storedScale
    }

    private static func encodeWeighted(_ values: [Float], _ importance: [Float]) -> [UInt8] {
      let weights = importanceWeights(values, importance: importance, variance: 2 * sumOfSquares(values) / 256)
      let groups = (0..<16).map { Array(values[$0 * 16..<$0 * 16 + 16]) }
      let groupWeights = (0..<16).map { Array(weights[$0 * 16..<$0 * 16 + 16]) }
      let searches = (0..<16).map { symmetricSearch(groups[$0], weights: groupWeights[$0], maximum: 4) }
      let outer = symmetricSearch(
        searches.map(\.scale), weights: groupWeights.map { $0.reduce(0, +) }, maximum: 32)
      let storedScale = outer.scale.halfBytes
      let quants = (0..<16).flatMap { index in
        let scale = storedScale.half(at: 0) * Float(outer.quants[index] - 32)
        if scale == 0 { return searches[index].quants }
        return groups[index].map { nearestInteger($0 / scale).clamped(-4, 3) + 4 }
      }
      return packed(quants, outer.quants) + storedScale
    }

    private static func packed(_ quants: [Int], _ innerScales: [Int]) -> [UInt8] {
      var block = [UInt8](repeating: 0, count: 108)
      for (element, quant) in quants.enumerated() {
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        block[place] |= UInt8(quant >> 2) << UInt8(run)
        block[32 + run / 4 * 32 + place] |= UInt8(quant & 3) << UInt8(run % 4 * 2)
      }
      for (index, scale) in innerScales.enumerated() {
        block[96 + index % 8] |= UInt8(scale & 15) << UInt8(index / 8 * 4)
        block[104 + index % 4] |= UInt8(scale >> 4) << UInt8(index / 4 * 2)
      }
      return block
    }

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

  static func encodeBlock(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int) {
    var low = DescentLanes(values.subBlocks(at: source), maximum: 4)
    var high = DescentLanes(values.subBlocks(at: source &+ 512), maximum: 4)
    low.search()
    high.search()

    let greatest = SIMD16(lowHalf: low.scale, highHalf: high.scale).firstOfGreatestMagnitude
    let inverse = greatest == 0 ? 0 : -32 / greatest
    let scaleBits = (greatest == 0 ? 0 : 1 / inverse).halfBits
    bytes.store(scaleBits, at: destination &+ 108)
    let lowScales = innerScales(low.scale, inverse: inverse, isZero: greatest == 0)
    let highScales = innerScales(high.scale, inverse: inverse, isZero: greatest == 0)
    storeScales(lowScales.wholeWords, highScales.wholeWords, into: &bytes, at: destination &+ 96)

    let scale = Floats(repeating: Float(halfBits: scaleBits))
    storeQuants(
      low.quants(dividingBy: scale * (lowScales - Floats(repeating: 32))),
      high.quants(dividingBy: scale * (highScales - Floats(repeating: 32))), into: &bytes, at: destination)
  }

  static func encodeBlock(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let variance = 2 * values.sumOfSquares(at: source, count: 256) / 256
    let low: InlineArray<16, Floats> = values.subBlocks(at: source)
    let high: InlineArray<16, Floats> = values.subBlocks(at: source &+ 512)
    let lowImportance: InlineArray<16, Floats> = importance.subBlocks(at: source)
    let highImportance: InlineArray<16, Floats> = importance.subBlocks(at: source &+ 512)
    let lowWeights = lowImportance.weights(of: low, variance: variance)
    let highWeights = highImportance.weights(of: high, variance: variance)
    let lowSearch = SymmetricLanes(low, weights: lowWeights, maximum: 4)
    let highSearch = SymmetricLanes(high, weights: highWeights, maximum: 4)
    let outer = symmetricSearch(
      lowSearch.scale.array + highSearch.scale.array, weights: lowWeights.sum.array + highWeights.sum.array,
      maximum: 32)

    let scaleBits = outer.scale.halfBits
    bytes.store(scaleBits, at: destination &+ 108)
    let lowScales = Words(outer.quants[..<8].map { UInt32($0) })
    let highScales = Words(outer.quants[8...].map { UInt32($0) })
    storeScales(lowScales, highScales, into: &bytes, at: destination &+ 96)
    let scale = Floats(repeating: Float(halfBits: scaleBits))
    let lowDivisor = scale * Floats(outer.quants[..<8].map { Float($0 - 32) })
    let highDivisor = scale * Floats(outer.quants[8...].map { Float($0 - 32) })
    storeQuants(
      lowSearch.quants(low, dividingBy: lowDivisor), highSearch.quants(high, dividingBy: highDivisor), into: &bytes,
      at: destination)
  }

  @inline(__always)
  private static func storeQuants(
    _ lows: InlineArray<16, Words>, _ highs: InlineArray<16, Words>, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let lowSpan = lows.span, highSpan = highs.span
    let two = Words(repeating: 0x0303_0303)
    for place in stride(from: 0, to: 16, by: 4) {
      let lowQuants = Words(bytes: { lowSpan[place &+ $0] }), highQuants = Words(bytes: { highSpan[place &+ $0] })
      storeTwoBits(lowQuants & two, into: &bytes, at: destination &+ 32 &+ place)
      storeTwoBits(highQuants & two, into: &bytes, at: destination &+ 64 &+ place)
      // Sub-blocks alternate between positions below 16 and from 16 on: even bits of a byte of eight, and odd ones.
      let lowBits = (lowQuants &>> 2).lowestBitsOfBytes
      let highBits = (highQuants &>> 2).lowestBitsOfBytes
      bytes.store(lowBits.evenBits | highBits.evenBits << 4, at: destination &+ place)
      bytes.store((lowBits >> 1).evenBits | (highBits >> 1).evenBits << 4, at: destination &+ place &+ 16)
    }
  }

  /// Eight inner scales, each plus 32.
  @inline(__always)
  private static func innerScales(_ scales: Floats, inverse: Float, isZero: Bool) -> Floats {
    if isZero { return Floats.zero }
    let rounded = (Floats(repeating: inverse) * scales + Floats(repeating: roundingShift)).words
    return Floats(SIMD8<Int8>(truncatingIfNeeded: rounded)).clamped(-32, 31) + Floats(repeating: 32)
  }

  @inline(__always)
  private static func storeScales(_ low: Words, _ high: Words, into bytes: inout MutableRawSpan, at offset: Int) {
    let nibbles = (low & Words(repeating: 15)) | ((high & Words(repeating: 15)) &<< 4)
    bytes.store(SIMD8<UInt8>(truncatingIfNeeded: nibbles), at: offset)
    let lowHigh = low &>> 4
    let highHigh = high &>> 4
    let bits = lowHigh.lowHalf | (lowHigh.highHalf &<< 2) | (highHigh.lowHalf &<< 4) | (highHigh.highHalf &<< 6)
    bytes.store(SIMD4<UInt8>(truncatingIfNeeded: bits), at: offset &+ 8)
  }

  @inline(__always)
  private static func storeTwoBits(_ quants: Words, into bytes: inout MutableRawSpan, at offset: Int) {
    let (even, odd) = quants.fourRunsOfTwoBits
    bytes.store(even, at: offset)
    bytes.store(odd, at: offset &+ 16)
  }
}

extension UInt32 {
  /// Bits 0, 2, 4 and 6 of each byte, packed.
  @inline(__always)
  fileprivate var evenBits: UInt32 {
    let pairs = (self & 0x1111_1111) | (self & 0x4444_4444) >> 1
    return (pairs & 0x0303_0303) | (pairs >> 2) & 0x0C0C_0C0C
  }
}

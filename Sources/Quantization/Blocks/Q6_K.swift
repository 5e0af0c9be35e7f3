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
    store(values, searched(values, nil, at: source), at: source, into: &bytes, at: destination)
  }

  static func encodeBlock(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    store(values, searched(values, importance, at: source), at: source, into: &bytes, at: destination)
  }

  /// The searches of both halves of a block.
  @inline(__always)
  private static func searched(
    _ values: RawSpan, _ importance: RawSpan?, at source: Int
  ) -> (SymmetricLanes<Floats>, SymmetricLanes<Floats>) {
    guard sixteenLanesAreFaster else {
      return (searchedLanes(values, importance, at: source), searchedLanes(values, importance, at: source &+ 512))
    }
    if sixteenLanesFitRegister {
      let lanes: SymmetricLanes<SixteenFloats> = searchedLanes(values, importance, at: source)
      return lanes.halves
    }
    let lanes: SymmetricLanes<PairedFloats> = searchedLanes(values, importance, at: source)
    return lanes.halves
  }

  @inline(__always)
  private static func searchedLanes<Lanes: FloatLanes>(
    _ values: RawSpan, _ importance: RawSpan?, at source: Int
  ) -> SymmetricLanes<Lanes> {
    let elements: InlineArray<16, Lanes> = Lanes.subBlocks(values, at: source)
    if let importance {
      return SymmetricLanes(elements, weights: Lanes.subBlocks(importance, at: source), maximum: 32)
    }
    return SymmetricLanes(elements, weights: elements.mapped { $0 * $0 }, maximum: 32)
  }

  /// Stores a searched block.
  @inline(__always)
  private static func store(
    _ values: RawSpan, _ searches: (low: SymmetricLanes<Floats>, high: SymmetricLanes<Floats>), at source: Int,
    into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let greatest = SIMD16(lowHalf: searches.low.scale, highHalf: searches.high.scale).firstOfGreatestMagnitude
    if abs(greatest) < negligibleMagnitude {
      for offset in 0..<Reference.bytesPerBlock { bytes.store(0 as UInt8, at: destination &+ offset) }
      return
    }
    let inverse = -128 / greatest
    let scaleBits = (1 / inverse).halfBits
    bytes.store(scaleBits, at: destination &+ 208)
    storeHalf(
      values, searches.low, inverse, scaleBits, at: source, into: &bytes, low: destination, high: destination &+ 128,
      innerScales: destination &+ 192)
    storeHalf(
      values, searches.high, inverse, scaleBits, at: source &+ 512, into: &bytes, low: destination &+ 64,
      high: destination &+ 160, innerScales: destination &+ 200)
  }

  /// Stores the 128 elements at `source` to the offsets of their low bits, high bits and inner scales.
  @inline(__always)
  private static func storeHalf(
    _ values: RawSpan, _ search: SymmetricLanes<Floats>, _ inverse: Float, _ scaleBits: UInt16, at source: Int,
    into bytes: inout MutableRawSpan, low: Int, high: Int, innerScales: Int
  ) {
    let rounded = (Floats(repeating: inverse) * search.scale).nearest.lesser(Floats(repeating: 127))
    let inner = SIMD8<Int8>(truncatingIfNeeded: (rounded + Floats(repeating: roundingShift)).words)
    bytes.store(inner, at: innerScales)
    let divisors = Floats(repeating: Float(halfBits: scaleBits)) * Floats(inner)

    func run(_ run: Int) -> RunQuants {
      RunQuants(values, at: source &+ run &* 128) { index, elements in
        let group = run &* 2 &+ index &>> 1
        let divisor = divisors[group]
        if divisor == 0 { return search.keptQuants(elements, of: group) }
        return (elements / Floats(repeating: divisor)).nearest.clamped(-32, 31) + Floats(repeating: 32)
      }
    }
    let (one, two, three, four) = (run(0), run(1), run(2), run(3))
    bytes.store((one.bits(15) | three.bits(15) << 4).ordered, at: low)
    bytes.store((two.bits(15) | four.bits(15) << 4).ordered, at: low &+ 32)
    let even = one.bits(48) >> 4 | three.bits(48), odd = two.bits(48) >> 4 | four.bits(48)
    bytes.store((even | odd << 2).ordered, at: high)
  }
}

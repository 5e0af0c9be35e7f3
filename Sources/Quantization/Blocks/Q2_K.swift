// Q2_K: 256 elements to a block, 2.625 bits per element.
//
//    0 ┊ 16 × (scale in bits 3…0, minimum in bits 7…4), one for 16 elements │ 16 ┊ quants 64 bytes │
//   80 ┊ scale of scales f16 │ 82 ┊ scale of minimums f16 │ 84
//
// Elements go in eight runs of 32: run r is bits 2·(r mod 4)+1…2·(r mod 4) of the quant bytes 32·(r div 4)…+31.
// w = (scale of scales · scale) · q − (scale of minimums · minimum)
//
// Encoding: the best scale and minimum of each 16 by AffineSearch.swift, with weights |w| and absolute deviations. The
// greatest scale and the greatest minimum become 15, the others are rounded; then elements are divided anew by the scales
// as stored. Where a stored scale is zero, the quants of the search stay.
// Same bytes as ggml-quants.c `quantize_row_q2_K_ref`, `dequantize_row_q2_K` (llama.cpp 0c1e57098).

enum Q2_K: BlockDecoder, SuperBlockEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 84

    static func encode(_ values: [Float]) -> [UInt8] {
      let groups = (0..<16).map { Array(values[$0 * 16..<$0 * 16 + 16]) }
      let searches = groups.map { search.search($0, weights: $0.map { abs($0) }) }
      let scales = fourBits(searches.map(\.scale))
      let minimums = fourBits(searches.map(\.minimum))
      // Rounding errors can make a scale −1, all of whose bits then count.
      let packed = (0..<16).map { UInt8(truncatingIfNeeded: scales.numbers[$0] | minimums.numbers[$0] << 4) }

      var quants = [UInt8](repeating: 0, count: 64)
      for index in 0..<16 {
        let scale = scales.scale.half(at: 0) * Float(packed[index] & 15)
        let minimum = minimums.scale.half(at: 0) * Float(packed[index] >> 4)
        for (place, value) in groups[index].enumerated() {
          let quant =
            scale == 0
            ? searches[index].quants[place] : nearestInteger((value + minimum) / scale).clamped(0, 3)
          let run = index / 2
          quants[run / 4 * 32 + index % 2 * 16 + place] |= UInt8(quant) << UInt8(run % 4 * 2)
        }
      }
      return packed + quants + scales.scale + minimums.scale
    }

    private static func fourBits(_ numbers: [Float]) -> (scale: [UInt8], numbers: [Int]) {
      let greatest = numbers.reduce(0) { $1 > $0 ? $1 : $0 }
      guard greatest > 0 else { return ([0, 0], numbers.map { _ in 0 }) }
      return ((greatest / 15).halfBytes, numbers.map { nearestInteger(15 / greatest * $0) })
    }

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

  private static let search = AffineSearch(maximum: 3, first: -0.5, step: 0.1, stepCount: 15, deviation: .absolute)

  static func encodeBlock(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int) {
    let low: InlineArray<16, Floats> = values.subBlocks(at: source)
    let high: InlineArray<16, Floats> = values.subBlocks(at: source &+ 512)
    let lowSearch = searched(low)
    let highSearch = searched(high)
    guard lowSearch.isOrdinary, highSearch.isOrdinary else {
      return encodeBlockByReference(values, at: source, into: &bytes, at: destination)
    }
    let scale = max(0, lowSearch.scale.greatestLane, highSearch.scale.greatestLane)
    let minimum = max(0, lowSearch.minimum.greatestLane, highSearch.minimum.greatestLane)
    bytes.store((scale / 15).halfBits, at: destination &+ 80)
    bytes.store((minimum / 15).halfBits, at: destination &+ 82)
    encodeHalf(
      low, lowSearch, greatest: (scale, minimum), into: &bytes, scales: destination, quants: destination &+ 16)
    encodeHalf(
      high, highSearch, greatest: (scale, minimum), into: &bytes, scales: destination &+ 8, quants: destination &+ 48)
  }

  /// Encodes 128 elements to the places of their scales and quants.
  @inline(__always)
  private static func encodeHalf(
    _ values: InlineArray<16, Floats>, _ search: AffineLanes, greatest: (scale: Float, minimum: Float),
    into bytes: inout MutableRawSpan, scales: Int, quants: Int
  ) {
    let packed = lowBytes(search.scale, greatest.scale) | (lowBytes(search.minimum, greatest.minimum) &<< 4)
    bytes.store(SIMD8<UInt8>(truncatingIfNeeded: packed), at: scales)
    let divisor = storedStep(greatest.scale) * Floats(SIMD8<UInt8>(truncatingIfNeeded: packed & Words(repeating: 15)))
    let added =
      storedStep(greatest.minimum) * Floats(SIMD8<UInt8>(truncatingIfNeeded: (packed &>> 4) & Words(repeating: 15)))
    let keepsSearch = divisor .== Floats.zero
    let anyKeepsSearch = keepsSearch.isAnySet
    let values = values.span
    for place in 0..<16 {
      var found = ((values[place] + added) / divisor).nearest.clamped(0, 3)
      if anyKeepsSearch { found.replace(with: search.quants(values[place]), where: keepsSearch) }
      let (even, odd) = found.wholeWords.fourRunsOfTwoBits
      bytes.store(even, at: quants &+ place)
      bytes.store(odd, at: quants &+ place &+ 16)
    }
  }

  /// Scales in fifteenths of the greatest, rounded; only the low bytes count.
  @inline(__always)
  private static func lowBytes(_ numbers: Floats, _ greatest: Float) -> Words {
    guard greatest > 0 else { return Words.zero }
    return (numbers * Floats(repeating: 15 / greatest) + Floats(repeating: roundingShift)).words & Words(repeating: 255)
  }

  /// A fifteenth as it is stored.
  @inline(__always)
  private static func storedStep(_ greatest: Float) -> Floats {
    Floats(repeating: Float(halfBits: (greatest / 15).halfBits))
  }

  @inline(never)
  private static func searched(_ values: InlineArray<16, Floats>) -> AffineLanes {
    AffineLanes(values, weights: values.mapped { $0.magnitude }, search)
  }
}

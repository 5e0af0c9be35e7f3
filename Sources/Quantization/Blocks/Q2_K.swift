// Q2_K: 256 elements per super-block, 2.625 bits per element.
//
//    0 ┊ 16 × (scale in bits 3…0, minimum in bits 7…4), one for 16 elements │ 16 ┊ quants 64 bytes │
//   80 ┊ scale of scales f16 │ 82 ┊ scale of minimums f16 │ 84
//
// There are eight groups of 32: group r is bits 2·(r mod 4)+1…2·(r mod 4) of the quant bytes 32·(r div 4)…+31.
// w = (scale of scales · scale) · q − (scale of minimums · minimum)
//
// Encoding: the best scale and minimum of each 16 by AffineSearch.swift, with weights |w| and absolute deviations. The
// greatest scale and the greatest minimum become 15, the others are rounded; then elements are divided by the stored
// scales. If a stored scale is zero, the quants of the search are kept.
// Same bytes as ggml-quants.c `quantize_row_q2_K_ref`, `dequantize_row_q2_K` (llama.cpp 0c1e57098).

enum Q2_K: BlockDecoder, WeightedSuperBlockEncoder {
  enum Reference: ReferenceDecoder, WeightedReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 84

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8] {
      let variance = sumOfSquares(values) / 256
      let weights =
        importance.map { importanceWeights(values, importance: $0, variance: variance) } ?? values.map { abs($0) }
      let search = importance == nil ? search : search.weighted
      let groups = (0..<16).map { Array(values[$0 * 16..<$0 * 16 + 16]) }
      let groupWeights = (0..<16).map { Array(weights[$0 * 16..<$0 * 16 + 16]) }
      let searches = (0..<16).map { search.search(groups[$0], weights: groupWeights[$0]) }
      let sums = importance == nil ? nil : groupWeights.map { $0.reduce(0, +) }
      let scales = fourBits(searches.map(\.scale), sums)
      let minimums = fourBits(searches.map(\.minimum), sums)
      // Rounding errors can make a scale −1, all of whose bits are then used.
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

    private static func fourBits(_ numbers: [Float], _ weights: [Float]?) -> (scale: [UInt8], numbers: [Int]) {
      if let weights {
        let (scale, quants) = positiveSearch(numbers, weights: weights, maximum: 15)
        return (scale.halfBytes, quants)
      }
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
    let (low, high, _) = searched(values, nil, at: source)
    guard low.isOrdinary, high.isOrdinary else {
      return encodeBlockByReference(values, at: source, into: &bytes, at: destination)
    }
    let scale = max(0, low.scale.greatestLane, high.scale.greatestLane)
    let minimum = max(0, low.minimum.greatestLane, high.minimum.greatestLane)
    let scales = ((scale / 15).halfBits, (minimum / 15).halfBits)
    let lowPacked = fifteenths(low.scale, scale) | (fifteenths(low.minimum, minimum) &<< 4)
    let highPacked = fifteenths(high.scale, scale) | (fifteenths(high.minimum, minimum) &<< 4)
    storeScales(scales, into: &bytes, at: destination)
    storeHalf(values, low, lowPacked, scales, at: source, into: &bytes, scales: destination, quants: destination &+ 16)
    storeHalf(
      values, high, highPacked, scales, at: source &+ 512, into: &bytes, scales: destination &+ 8,
      quants: destination &+ 48)
  }

  static func encodeBlock(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let (low, high, weightSums) = searched(values, importance, at: source)
    guard low.isOrdinary, high.isOrdinary else {
      return encodeBlockByReference(values, weightedBy: importance, at: source, into: &bytes, at: destination)
    }
    let sums = weightSums.lowHalf.array + weightSums.highHalf.array
    let scale = positiveSearch(low.scale.array + high.scale.array, weights: sums, maximum: 15)
    let minimum = positiveSearch(low.minimum.array + high.minimum.array, weights: sums, maximum: 15)
    let packed = zip(scale.quants, minimum.quants).map { UInt32(($0 | $1 << 4) & 255) }
    let scales = (scale.scale.halfBits, minimum.scale.halfBits)
    storeScales(scales, into: &bytes, at: destination)
    storeHalf(
      values, low, Words(packed[..<8]), scales, at: source, into: &bytes, scales: destination,
      quants: destination &+ 16)
    storeHalf(
      values, high, Words(packed[8...]), scales, at: source &+ 512, into: &bytes, scales: destination &+ 8,
      quants: destination &+ 48)
  }

  /// The searches of both halves of a block, and the sums of the weights of each sub-block.
  @inline(__always)
  private static func searched(
    _ values: RawSpan, _ importance: RawSpan?, at source: Int
  ) -> (AffineLanes<Floats>, AffineLanes<Floats>, SixteenFloats) {
    let variance = importance == nil ? 0 : values.sumOfSquares(at: source, count: 256) / 256
    if sixteenLanesFitRegister {
      let (lanes, sums): (AffineLanes<SixteenFloats>, _) = searchedLanes(values, importance, variance, at: source)
      let (low, high) = lanes.halves
      return (low, high, sums)
    }
    if sixteenLanesAreFaster {
      let (lanes, sums): (AffineLanes<PairedFloats>, _) = searchedLanes(values, importance, variance, at: source)
      let (low, high) = lanes.halves
      return (low, high, SixteenFloats(lowHalf: sums.lowHalf, highHalf: sums.highHalf))
    }
    let (low, lowSums): (AffineLanes<Floats>, _) = searchedLanes(values, importance, variance, at: source)
    let (high, highSums): (AffineLanes<Floats>, _) = searchedLanes(values, importance, variance, at: source &+ 512)
    return (low, high, SixteenFloats(lowHalf: lowSums, highHalf: highSums))
  }

  @inline(__always)
  private static func searchedLanes<Lanes: FloatLanes>(
    _ values: RawSpan, _ importance: RawSpan?, _ variance: Float, at source: Int
  ) -> (AffineLanes<Lanes>, weightSums: Lanes) {
    let elements: InlineArray<16, Lanes> = Lanes.subBlocks(values, at: source)
    guard let importance else {
      return (AffineLanes(elements, weights: elements.mapped { $0.magnitude }, search), Lanes.zero)
    }
    let importances: InlineArray<16, Lanes> = Lanes.subBlocks(importance, at: source)
    let weights = importances.weights(of: elements, variance: variance)
    return (AffineLanes(elements, weights: weights, search.weighted), weights.sum)
  }

  @inline(__always)
  private static func storeScales(
    _ scales: (UInt16, UInt16), into bytes: inout MutableRawSpan, at destination: Int
  ) {
    bytes.store(scales.0, at: destination &+ 80)
    bytes.store(scales.1, at: destination &+ 82)
  }

  /// Stores the 128 elements at `source` to the offsets of their packed scales and minimums, and of their quants.
  @inline(__always)
  private static func storeHalf(
    _ values: RawSpan, _ search: AffineLanes<Floats>, _ packed: Words, _ stored: (UInt16, UInt16), at source: Int,
    into bytes: inout MutableRawSpan, scales: Int, quants: Int
  ) {
    bytes.store(SIMD8<UInt8>(truncatingIfNeeded: packed), at: scales)
    let divisors = Floats(repeating: Float(halfBits: stored.0)) * (packed & Words(repeating: 15)).smallFloats
    let added =
      Floats(repeating: Float(halfBits: stored.1)) * ((packed &>> 4) & Words(repeating: 15)).smallFloats

    func run(_ run: Int) -> RunQuants {
      RunQuants(values, at: source &+ run &* 128) { index, elements in
        let group = run &* 2 &+ index &>> 1
        let divisor = divisors[group]
        if divisor == 0 { return search.keptQuants(elements, of: group) }
        return ((elements + Floats(repeating: added[group])) / Floats(repeating: divisor)).nearest.clamped(0, 3)
      }
    }
    bytes.store((run(0) | run(1) << 2 | run(2) << 4 | run(3) << 6).ordered, at: quants)
  }

  /// Scales in fifteenths of the greatest, rounded; only the low bytes are used.
  @inline(__always)
  private static func fifteenths(_ numbers: Floats, _ greatest: Float) -> Words {
    guard greatest > 0 else { return Words.zero }
    return (numbers * Floats(repeating: 15 / greatest) + Floats(repeating: roundingShift)).words & Words(repeating: 255)
  }
}

extension SIMD8 where Scalar == UInt32 {
  /// Integers below 256 as floats.
  @inline(__always)
  fileprivate var smallFloats: Floats { Floats(SIMD8<UInt8>(truncatingIfNeeded: self)) }
}

// The layout and encoder of Q4_K and Q5_K: eight sub-blocks of 32 elements, each with a scale and a minimum of six
// bits. The block begins with the scales of these (SixBitScales.swift).
//
// Encoding: the best scale and minimum of each sub-block by AffineSearch.swift, with weights √(mean w²) + |w|. The
// greatest scale and the greatest minimum become 63, the others are rounded; then elements are divided by the stored
// scales. If a stored scale is zero, the quants of the search are kept.
//
// With an importance matrix more scales are tried, and PositiveSearch.swift finds the scales of scales and minimums;
// the weight of a sub-block is the sum of its elements' weights.

/// The first 16 bytes of a block and its 256 quants: scalar implementation.
func encodeEightRuns(
  _ values: [Float], _ search: AffineSearch, importance: [Float]?
) -> (head: [UInt8], quants: [Int]) {
  let runs = (0..<8).map { Array(values[$0 * 32..<$0 * 32 + 32]) }
  let runWeights: [[Float]]
  if let importance {
    let weights = importanceWeights(values, importance: importance, variance: 2 * sumOfSquares(values) / 256)
    runWeights = (0..<8).map { Array(weights[$0 * 32..<$0 * 32 + 32]) }
  } else {
    runWeights = runs.map { run in
      let mean = (run.reduce(0) { $0 + $1 * $1 } / 32).squareRoot()
      return run.map { mean + abs($0) }
    }
  }
  let search = importance == nil ? search : search.weighted
  let searches = (0..<8).map { search.search(runs[$0], weights: runWeights[$0]) }
  func sixBits(_ numbers: [Float]) -> (scale: [UInt8], numbers: [Int]) {
    if importance != nil {
      let (scale, quants) = positiveSearch(numbers, weights: runWeights.map { $0.reduce(0, +) }, maximum: 63)
      return (scale.halfBytes, quants.map { min(63, $0) })
    }
    let greatest = numbers.reduce(0) { $1 > $0 ? $1 : $0 }
    let inverse = greatest > 0 ? 63 / greatest : 0
    return ((greatest / 63).halfBytes, numbers.map { min(63, nearestInteger(inverse * $0) & 255) })
  }
  let scales = sixBits(searches.map(\.scale))
  let minimums = sixBits(searches.map(\.minimum))
  let quants = (0..<8).flatMap { index in
    let scale = scales.scale.half(at: 0) * Float(scales.numbers[index])
    if scale == 0 { return searches[index].quants }
    let minimum = minimums.scale.half(at: 0) * Float(minimums.numbers[index])
    return runs[index].map { nearestInteger(($0 + minimum) / scale).clamped(0, Int(search.maximum)) }
  }
  return (scales.scale + minimums.scale + packedSixBits(scales.numbers, minimums.numbers), quants)
}

/// Eight searched sub-blocks, one per lane, with their scales as stored.
struct EightSubBlocks {
  private let values: InlineArray<32, Floats>
  private let search: AffineLanes<Floats>
  private let scaleBits: UInt16, minimumBits: UInt16
  private let scales: Floats, minimums: Floats

  /// Sub-blocks and the weights of their elements.
  struct Weighted {
    let values: InlineArray<32, Floats>, weights: InlineArray<32, Floats>

    @inline(__always)
    init(_ values: RawSpan, weightedBy importance: RawSpan?, at offset: Int) {
      let runs: InlineArray<32, Floats> = values.subBlocks(at: offset)
      self.values = runs
      if let importance {
        let importances: InlineArray<32, Floats> = importance.subBlocks(at: offset)
        weights = importances.weights(of: runs, variance: 2 * values.sumOfSquares(at: offset, count: 256) / 256)
        return
      }
      let elements = runs.span
      var sum = Floats.zero
      for place in 0..<32 { sum += elements[place] * elements[place] }
      let mean = (sum / Floats(repeating: 32)).squareRoot()
      weights = runs.mapped { mean + $0.magnitude }
    }

    @inline(__always)
    func searched(_ search: AffineSearch) -> AffineLanes<Floats> { AffineLanes(values, weights: weights, search) }

    /// The searches of two blocks at once.
    @inline(__always)
    func searched(with other: Self, _ search: AffineSearch) -> (AffineLanes<Floats>, AffineLanes<Floats>) {
      AffineLanes<SixteenFloats>(
        values.beside(other.values), weights: weights.beside(other.weights), search
      ).halves
    }
  }

  @inline(__always)
  init(_ runs: Weighted, _ lanes: AffineLanes<Floats>, isImportant: Bool) {
    values = runs.values
    search = lanes
    guard isImportant else {
      (scaleBits, scales) = Self.sixBits(lanes.scale)
      (minimumBits, minimums) = Self.sixBits(lanes.minimum)
      return
    }
    let weightSums = runs.weights.sum.array
    let scale = positiveSearch(lanes.scale.array, weights: weightSums, maximum: 63)
    let minimum = positiveSearch(lanes.minimum.array, weights: weightSums, maximum: 63)
    (scaleBits, scales) = (scale.scale.halfBits, Floats(scale.quants.map { Float(min(63, $0)) }))
    (minimumBits, minimums) = (minimum.scale.halfBits, Floats(minimum.quants.map { Float(min(63, $0)) }))
  }

  @inline(__always)
  private static func sixBits(_ numbers: Floats) -> (UInt16, Floats) {
    let greatest = numbers.greater(Floats.zero).greatestLane
    let inverse = greatest > 0 ? 63 / greatest : 0
    let rounded =
      (numbers * Floats(repeating: inverse) + Floats(repeating: roundingShift)).words & Words(repeating: 255)
    let bits = Floats(unsafeBitCast(rounded, to: SIMD8<Int32>.self)).lesser(Floats(repeating: 63))
    return ((greatest / 63).halfBits, bits)
  }

  @inline(__always)
  func storeHead(into bytes: inout MutableRawSpan, at offset: Int) {
    bytes.store(scaleBits, at: offset)
    bytes.store(minimumBits, at: offset &+ 2)
    let scale = scales.wholeWords
    let minimum = minimums.wholeWords
    let high = (scale.highHalf &>> 4) &<< 6
    let highMinimum = (minimum.highHalf &>> 4) &<< 6
    let low = (scale.highHalf & 15) | ((minimum.highHalf & 15) &<< 4)
    bytes.store(SIMD4<UInt8>(truncatingIfNeeded: scale.lowHalf | high), at: offset &+ 4)
    bytes.store(SIMD4<UInt8>(truncatingIfNeeded: minimum.lowHalf | highMinimum), at: offset &+ 8)
    bytes.store(SIMD4<UInt8>(truncatingIfNeeded: low), at: offset &+ 12)
  }

  /// Calls `body` with the quants of each four positions, one sub-block per lane and one position per byte.
  @inline(__always)
  func forEachFourPlaces(maximum: Float, _ body: (_ place: Int, _ quants: Words) -> Void) {
    let divisors = Floats(repeating: Float(halfBits: scaleBits)) * scales
    let added = Floats(repeating: Float(halfBits: minimumBits)) * minimums
    let keepsSearch = divisors .== Floats.zero
    let anyKeepsSearch = keepsSearch.isAnySet
    let values = values.span
    for place in stride(from: 0, to: 32, by: 4) {
      let quants = Words(bytes: { next in
        let elements = values[place &+ next]
        var quants = ((elements + added) / divisors).nearest.clamped(0, maximum)
        if anyKeepsSearch { quants.choose(search.quants(elements), where: keepsSearch) }
        return quants.wholeWords
      })
      body(place, quants)
    }
  }
}

extension SIMD8 where Scalar == UInt32 {
  /// Stores the nibbles of four positions of eight sub-blocks: pairs of sub-blocks share 32 bytes.
  @inline(__always)
  func storeNibblePairs(into bytes: inout MutableRawSpan, at offset: Int) {
    let pairs = unsafeBitCast(self & Words(repeating: 0x0F0F_0F0F), to: SIMD4<UInt64>.self)
    let packed = pairs | (pairs &>> 28)
    bytes.store(UInt32(truncatingIfNeeded: packed[0]), at: offset)
    bytes.store(UInt32(truncatingIfNeeded: packed[1]), at: offset &+ 32)
    bytes.store(UInt32(truncatingIfNeeded: packed[2]), at: offset &+ 64)
    bytes.store(UInt32(truncatingIfNeeded: packed[3]), at: offset &+ 96)
  }

  /// The lowest bit of each lane, the first lane in bit 0.
  @inline(__always)
  var lowestBits: UInt8 { UInt8(truncatingIfNeeded: lowestBitsOfBytes) }

  /// The lowest bit of each byte of each lane: a byte for each, the first lane in bit 0.
  @inline(__always)
  var lowestBitsOfBytes: UInt32 {
    let pairs = unsafeBitCast(self & Words(repeating: 0x0101_0101), to: SIMD4<UInt64>.self)
    let packed = pairs | (pairs &>> 31)
    return UInt32(truncatingIfNeeded: packed[0] | packed[1] << 2 | packed[2] << 4 | packed[3] << 6)
  }
}

/// An encoder of blocks of eight sub-blocks; formats differ in the search and in the packing of quants.
protocol EightRunEncoder: WeightedSuperBlockEncoder {
  /// The search without an importance matrix.
  static var search: AffineSearch { get }
  /// Packs the sub-blocks of a block.
  static func store(_ runs: EightSubBlocks, into bytes: inout MutableRawSpan, at destination: Int)
}

extension EightRunEncoder {
  static func encodeBlock(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int) {
    encodeOne(values, nil, at: source, into: &bytes, at: destination)
  }

  static func encodeBlock(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    encodeOne(values, importance, at: source, into: &bytes, at: destination)
  }

  static func encodeTwoBlocks(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int)
  {
    encodeTwo(values, nil, at: source, into: &bytes, at: destination)
  }

  static func encodeTwoBlocks(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    encodeTwo(values, importance, at: source, into: &bytes, at: destination)
  }

  @inline(__always)
  private static func encodeOne(
    _ values: RawSpan, _ importance: RawSpan?, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let runs = EightSubBlocks.Weighted(values, weightedBy: importance, at: source)
    let lanes = runs.searched(importance == nil ? search : search.weighted)
    store(runs, lanes, values, importance, at: source, into: &bytes, at: destination)
  }

  @inline(__always)
  private static func encodeTwo(
    _ values: RawSpan, _ importance: RawSpan?, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let next = source &+ blockFloatByteCount
    let first = EightSubBlocks.Weighted(values, weightedBy: importance, at: source)
    let second = EightSubBlocks.Weighted(values, weightedBy: importance, at: next)
    let (one, other) = first.searched(with: second, importance == nil ? search : search.weighted)
    store(first, one, values, importance, at: source, into: &bytes, at: destination)
    store(second, other, values, importance, at: next, into: &bytes, at: destination &+ Reference.bytesPerBlock)
  }

  /// Stores a searched block; one with values beyond the range of vectors by the scalar implementation.
  @inline(__always)
  private static func store(
    _ runs: EightSubBlocks.Weighted, _ lanes: AffineLanes<Floats>, _ values: RawSpan, _ importance: RawSpan?,
    at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    if lanes.isOrdinary {
      return store(EightSubBlocks(runs, lanes, isImportant: importance != nil), into: &bytes, at: destination)
    }
    if let importance {
      encodeBlockByReference(values, weightedBy: importance, at: source, into: &bytes, at: destination)
    } else {
      encodeBlockByReference(values, at: source, into: &bytes, at: destination)
    }
  }
}

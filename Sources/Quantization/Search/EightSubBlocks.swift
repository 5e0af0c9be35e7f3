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

/// The elements of sub-blocks, one per lane, and their weights.
private struct WeightedRuns<Lanes: FloatLanes> {
  let values: InlineArray<32, Lanes>, weights: InlineArray<32, Lanes>

  @inline(__always)
  init(_ values: RawSpan, weightedBy importance: RawSpan?, at offset: Int) {
    let runs: InlineArray<32, Lanes> = Lanes.subBlocks(values, at: offset)
    self.values = runs
    if let importance {
      let importances: InlineArray<32, Lanes> = Lanes.subBlocks(importance, at: offset)
      let variance = Lanes(eachEight: { block in
        2 * values.sumOfSquares(at: offset &+ block &* blockFloatByteCount, count: 256) / 256
      })
      weights = importances.weights(of: runs, variance: variance)
      return
    }
    let mean = (runs.mapped { $0 * $0 }.sum / Lanes(repeating: 32)).root
    weights = runs.mapped { mean + $0.magnitude }
  }

  @inline(__always)
  func searched(_ search: AffineSearch) -> AffineLanes<Lanes> { AffineLanes(values, weights: weights, search) }
}

/// Eight searched sub-blocks, one per lane, with their scales as stored.
struct EightSubBlocks {
  private let search: AffineLanes<Floats>
  private let scaleBits: UInt16, minimumBits: UInt16
  private let scales: Floats, minimums: Floats

  /// Sub-blocks after a search; with an importance matrix, `weightSums` are the sums of their elements' weights.
  @inline(__always)
  init(_ lanes: AffineLanes<Floats>, weightSums: Floats?) {
    search = lanes
    guard let sums = weightSums?.array else {
      (scaleBits, scales) = Self.sixBits(lanes.scale)
      (minimumBits, minimums) = Self.sixBits(lanes.minimum)
      return
    }
    let scale = positiveSearch(lanes.scale.array, weights: sums, maximum: 63)
    let minimum = positiveSearch(lanes.minimum.array, weights: sums, maximum: 63)
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

  /// Calls `body` with the quants of each two sub-blocks, `pair` from 0 to 3.
  @inline(__always)
  func forEachPair(
    of values: RawSpan, at source: Int, maximum: Float,
    _ body: (_ pair: Int, _ even: RunQuants, _ odd: RunQuants) -> Void
  ) {
    let divisors = Floats(repeating: Float(halfBits: scaleBits)) * scales
    let added = Floats(repeating: Float(halfBits: minimumBits)) * minimums

    func quants(_ run: Int) -> RunQuants {
      let (divisor, added) = (divisors[run], added[run])
      return RunQuants(values, at: source &+ run &* 128) { _, elements in
        if divisor == 0 { return search.keptQuants(elements, of: run) }
        return ((elements + Floats(repeating: added)) / Floats(repeating: divisor)).nearest.clamped(0, maximum)
      }
    }
    for pair in 0..<4 { body(pair, quants(pair &* 2), quants(pair &* 2 &+ 1)) }
  }
}

/// An encoder of blocks of eight sub-blocks; formats differ in the search and in the packing of quants.
protocol EightRunEncoder: WeightedSuperBlockEncoder {
  /// The search without an importance matrix.
  static var search: AffineSearch { get }
  /// Packs the sub-blocks of a block, whose elements are at `source`.
  static func store(
    _ runs: EightSubBlocks, _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int)
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
    let runs = WeightedRuns<Floats>(values, weightedBy: importance, at: source)
    let lanes = runs.searched(importance == nil ? search : search.weighted)
    let sums = importance == nil ? nil : runs.weights.sum
    store(lanes, sums, values, importance, at: source, into: &bytes, at: destination)
  }

  /// Searches two blocks at once.
  @inline(__always)
  private static func encodeTwo(
    _ values: RawSpan, _ importance: RawSpan?, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    if sixteenLanesFitRegister {
      encodeTwo(SixteenFloats.self, values, importance, at: source, into: &bytes, at: destination)
    } else {
      encodeTwo(PairedFloats.self, values, importance, at: source, into: &bytes, at: destination)
    }
  }

  @inline(__always)
  private static func encodeTwo<Lanes: SixteenLanes>(
    _ lanes: Lanes.Type, _ values: RawSpan, _ importance: RawSpan?, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let runs = WeightedRuns<Lanes>(values, weightedBy: importance, at: source)
    let (one, other) = runs.searched(importance == nil ? search : search.weighted).halves
    let sums = importance == nil ? nil : runs.weights.sum
    store(one, sums?.lowHalf, values, importance, at: source, into: &bytes, at: destination)
    store(
      other, sums?.highHalf, values, importance, at: source &+ blockFloatByteCount, into: &bytes,
      at: destination &+ Reference.bytesPerBlock)
  }

  /// Stores a searched block; one with values beyond the range of vectors by the scalar implementation.
  @inline(__always)
  private static func store(
    _ lanes: AffineLanes<Floats>, _ weightSums: Floats?, _ values: RawSpan, _ importance: RawSpan?, at source: Int,
    into bytes: inout MutableRawSpan, at destination: Int
  ) {
    if lanes.isOrdinary {
      store(EightSubBlocks(lanes, weightSums: weightSums), values, at: source, into: &bytes, at: destination)
    } else if let importance {
      encodeBlockByReference(values, weightedBy: importance, at: source, into: &bytes, at: destination)
    } else {
      encodeBlockByReference(values, at: source, into: &bytes, at: destination)
    }
  }
}

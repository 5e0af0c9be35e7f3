// Q4_0, Q4_1, Q5_0 and Q5_1 with an importance matrix: their scales are searched. The weight of an element is
//
//   importance · √(mean square of the row + w²)
//
// and the quants of the search are stored unchanged, with scale and minimum as halves.
// Same bytes as ggml-quants.c `quantize_row_{q4_0,q4_1,q5_0,q5_1}_impl` (llama.cpp 0c1e57098).

/// The search for the scale of a small block.
enum SmallBlockSearch {
  /// Without a minimum; by SymmetricSearch.swift.
  case symmetric(maximum: Float)
  /// With a minimum; by AffineSearch.swift.
  case affine(maximum: Float)
}

/// An encoder of blocks of 32 elements with optional importance.
protocol WeightedSmallBlockEncoder: SmallBlockEncoder, WeightedRowEncoder {
  static var search: SmallBlockSearch { get }
  /// The bytes of 32 quants after scale and minimum.
  static func packed(_ quants: [UInt8]) -> [UInt8]
  /// Stores the quants of elements 0…15 and 16…31.
  static func store(
    _ low: SIMD16<UInt8>, _ high: SIMD16<UInt8>, into bytes: inout MutableRawSpan, at destination: Int)
}

extension WeightedSmallBlockEncoder {
  /// The scalar implementation of the encoder of a weighted row.
  static func weightedReferenceRow(_ values: [Float], importance: [Float]) -> [UInt8] {
    let variance = sumOfSquares(values) / Float(values.count)
    let weights = importanceWeights(values, importance: importance, variance: variance)
    return stride(from: 0, to: values.count, by: 32).flatMap { start in
      referenceBlock(Array(values[start..<start + 32]), weights: Array(weights[start..<start + 32]))
    }
  }

  private static func referenceBlock(_ values: [Float], weights: [Float]) -> [UInt8] {
    switch search {
    case .symmetric(let maximum):
      let (scale, quants) = symmetricSearch(values, weights: weights, maximum: Int(maximum))
      return scale.halfBytes + packed(quants.map { UInt8($0) })
    case .affine(let maximum):
      let (scale, minimum, quants) = AffineSearch.weighted(maximum: maximum).search(values, weights: weights)
      return scale.halfBytes + (-minimum).halfBytes + packed(quants.map { UInt8($0) })
    }
  }

  static func encode(
    _ values: RawSpan, weightedBy importance: RawSpan, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    let count = values.byteCount / floatByteCount
    let variance = values.sumOfSquares(at: 0, count: count) / Float(count)
    for first in stride(from: 0, to: count, by: 256) {
      // The last blocks of a row are padded with blocks of zeros.
      let elementCount = min(256, count - first)
      let elements = values.padded(from: first * floatByteCount, count: elementCount)
      let importances = importance.padded(from: first * floatByteCount, count: elementCount)
      encodeEight(
        elements.span.bytes, importances.span.bytes, variance: variance, blockCount: elementCount / 32, into: &bytes,
        at: start + first / 32 * Reference.bytesPerBlock)
    }
    return nil
  }

  @inline(__always)
  private static func encodeEight(
    _ values: RawSpan, _ importance: RawSpan, variance: Float, blockCount: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let runs: InlineArray<32, Floats> = values.subBlocks(at: 0)
    let importances: InlineArray<32, Floats> = importance.subBlocks(at: 0)
    let weights = importances.weights(of: runs, variance: variance)
    let elements = runs.span
    let scales: Floats
    var minimums: Floats?
    let quants: InlineArray<32, SIMD8<UInt8>>
    switch search {
    case .symmetric(let maximum):
      let lanes = SymmetricLanes(runs, weights: weights, maximum: maximum)
      scales = lanes.scale
      quants = InlineArray { SIMD8<UInt8>(truncatingIfNeeded: lanes.quants(elements[$0]).wholeWords) }
    case .affine(let maximum):
      let lanes = AffineLanes(runs, weights: weights, .weighted(maximum: maximum))
      guard lanes.isOrdinary else {
        let weights = weights.span
        for block in 0..<blockCount {
          let encoded = referenceBlock(
            (0..<32).map { elements[$0][block] }, weights: (0..<32).map { weights[$0][block] })
          for (index, byte) in encoded.enumerated() {
            bytes.store(byte, at: destination + block * Reference.bytesPerBlock + index)
          }
        }
        return
      }
      scales = lanes.scale
      minimums = lanes.signedMinimum
      quants = InlineArray { SIMD8<UInt8>(truncatingIfNeeded: lanes.quants(elements[$0]).wholeWords) }
    }
    let found = quants.span
    for block in 0..<blockCount {
      var low = SIMD16<UInt8>.zero
      var high = SIMD16<UInt8>.zero
      for place in 0..<16 {
        low[place] = found[place][block]
        high[place] = found[place &+ 16][block]
      }
      var target = destination &+ block &* Reference.bytesPerBlock
      bytes.store(scales[block].halfBits, at: target)
      target &+= 2
      if let minimums {
        bytes.store(minimums[block].halfBits, at: target)
        target &+= 2
      }
      store(low, high, into: &bytes, at: target)
    }
  }
}

/// The blocks of Q4_0 and Q4_1, whose quants are nibbles.
protocol WeightedNibbleEncoder: WeightedSmallBlockEncoder {}

extension WeightedNibbleEncoder {
  static func packed(_ quants: [UInt8]) -> [UInt8] { (0..<16).map { quants[$0] | quants[$0 + 16] << 4 } }

  static func store(
    _ low: SIMD16<UInt8>, _ high: SIMD16<UInt8>, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    bytes.store(low | (high &<< SIMD16<UInt8>(repeating: 4)), at: destination)
  }
}

/// The blocks of Q5_0 and Q5_1, whose quants have five bits.
protocol WeightedFiveBitEncoder: WeightedSmallBlockEncoder {}

extension WeightedFiveBitEncoder {
  static func packed(_ quants: [UInt8]) -> [UInt8] { packedFiveBits(quants) }

  static func store(
    _ low: SIMD16<UInt8>, _ high: SIMD16<UInt8>, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    storeFiveBitQuants(low, high, into: &bytes, at: destination)
  }
}

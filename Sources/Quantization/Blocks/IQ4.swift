// IQ4_NL (32 elements, 4.5 bits each) and IQ4_XS (256 elements, 4.25 bits each): four bits choose from 16 fixed levels.
//
//   IQ4_NL   0 ┊ scale f16 │ 2 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 18
//   IQ4_XS   0 ┊ scale f16 │ 2 ┊ bits 5…4 of eight scales u16 │ 4 ┊ their bits 3…0, low nibble first │
//            8 ┊ 8 × quants as above │ 136
//
// IQ4_NL: w = scale · level(q).  IQ4_XS: w = (scale · (scale of 32 − 32)) · level(q)
//
// Encoding: the best scale of each 32 by LevelSearch.swift, with weights w². IQ4_NL stores it; in IQ4_XS the one of
// maximum magnitude becomes −32 and the others are rounded. Then elements take the nearest level for the inverse of the
// scale, before the scale is rounded to a half.
// Same bytes as ggml-quants.c `quantize_iq4_nl`, `quantize_iq4_xs`, `dequantize_row_iq4_nl`, `dequantize_row_iq4_xs` (llama.cpp 0c1e57098).

/// The levels in two vectors.
private let lowerLevels = Floats(-127, -104, -83, -65, -49, -35, -22, -10)
private let upperLevels = Floats(1, 13, 25, 38, 53, 69, 89, 113)

/// Decodes 32 elements from 16 bytes: the levels are scaled first, so that an element is one lookup.
@inline(__always)
private func decodeRun(
  _ quants: RawSpan, at source: Int, by scale: Float, into values: inout MutableRawSpan, at destination: Int
) {
  var levels = InlineArray<16, Float>(repeating: 0)
  let lower = lowerLevels * Floats(repeating: scale), upper = upperLevels * Floats(repeating: scale)
  for index in 0..<8 {
    levels[index] = lower[index]
    levels[index &+ 8] = upper[index]
  }
  for place in 0..<16 {
    let byte = Int(quants.byte(at: source &+ place))
    values.store(levels[byte & 15], at: destination &+ place &* 4)
    values.store(levels[byte &>> 4], at: destination &+ 64 &+ place &* 4)
  }
}

enum IQ4_NL: BlockDecoder, BlockEncoder, OptionallyWeightedRowEncoder {
  enum Reference: ReferenceDecoder, WeightedReferenceEncoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 18

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8] {
      let variance = sumOfSquares(values) * (2 / 32)
      let weights =
        importance.map { importanceWeights(values, importance: $0, variance: variance) } ?? values.map { $0 * $0 }
      let scale = Levels.searchScale(values, weights: weights)
      return scale.halfBytes + packedLevels(values, inverse: inverseOrZero(scale))
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      let quants = block[2...]
      return quants.map { scale * Levels.numbers[Int($0 & 15)] } + quants.map { scale * Levels.numbers[Int($0 >> 4)] }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    decodeRun(bytes, at: source &+ 2, by: bytes.half(at: source), into: &values, at: destination)
  }

  /// Encodes eight blocks at a time; the last ones of a row are padded with blocks of zeros.
  @inline(__always)
  static func encode(
    _ values: RawSpan, importance: RawSpan?, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int? {
    let eightByteCount = 8 * Reference.elementsPerBlock * floatByteCount
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    var source = 0
    var destination = start
    while source &+ eightByteCount <= values.byteCount {
      encodeEight(values, importance: importance, at: source, blockCount: 8, into: &bytes, at: destination)
      source &+= eightByteCount
      destination &+= 8 * Reference.bytesPerBlock
    }
    if source < values.byteCount {
      let count = (values.byteCount - source) / floatByteCount
      let rest = values.padded(from: source, count: count)
      let blockCount = count / Reference.elementsPerBlock
      if let importance {
        let weights = importance.padded(from: source, count: count)
        encodeEight(
          rest.span.bytes, importance: weights.span.bytes, at: 0, blockCount: blockCount, into: &bytes, at: destination)
      } else {
        encodeEight(rest.span.bytes, importance: nil, at: 0, blockCount: blockCount, into: &bytes, at: destination)
      }
    }
    return nil
  }

  @inline(__always)
  private static func encodeEight(
    _ values: RawSpan, importance: RawSpan?, at source: Int, blockCount: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let runs: InlineArray<32, Floats> = values.subBlocks(at: source)
    let weights: InlineArray<32, Floats>
    if let importance {
      let importances: InlineArray<32, Floats> = importance.subBlocks(at: source)
      let variance = runs.mapped { $0 * $0 }.sum * Floats(repeating: 2 / 32)
      weights = importances.weights(of: runs, variance: variance)
    } else {
      weights = runs.mapped { $0 * $0 }
    }
    let scales = searchLevelScales(runs, weights: weights)
    let inverses = (Floats(repeating: 1) / scales).choosing(Floats.zero, where: scales .== Floats.zero)
    let scaleBits = scales.halfBits
    for block in 0..<blockCount {
      let target = destination &+ block &* Reference.bytesPerBlock
      bytes.store(scaleBits[block], at: target)
      storeLevels(values, at: source &+ block &* 128, inverse: inverses[block], into: &bytes, at: target &+ 2)
    }
  }
}

/// Sixteen bytes of the levels of 32 elements.
private func packedLevels(_ values: [Float], inverse: Float) -> [UInt8] {
  let quants = values.map { UInt8(Levels.nearestIndex(inverse * $0)) }
  return (0..<16).map { quants[$0] | quants[$0 + 16] << 4 }
}

/// Encodes 32 elements to 16 bytes.
@inline(__always)
private func storeLevels(
  _ values: RawSpan, at source: Int, inverse: Float, into bytes: inout MutableRawSpan, at destination: Int
) {
  let block = Block32(values, at: source)
  let factor = Floats(repeating: inverse)
  let low = (block.first * factor).nearestLevelIndices | ((block.third * factor).nearestLevelIndices &<< 4)
  let high = (block.second * factor).nearestLevelIndices | ((block.fourth * factor).nearestLevelIndices &<< 4)
  bytes.store(lowBytes(low, high), at: destination)
}

enum IQ4_XS: BlockDecoder, WeightedSuperBlockEncoder {
  enum Reference: ReferenceDecoder, WeightedReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 136

    static func encode(_ values: [Float], importance: [Float]?) -> [UInt8] {
      let variance = sumOfSquares(values) * (2 / 256)
      let weights =
        importance.map { importanceWeights(values, importance: $0, variance: variance) } ?? values.map { $0 * $0 }
      let runs = (0..<8).map { Array(values[$0 * 32..<$0 * 32 + 32]) }
      let scales = (0..<8).map {
        Levels.searchScale(runs[$0], weights: Array(weights[$0 * 32..<$0 * 32 + 32]))
      }
      let scale = -firstOfGreatestMagnitude(scales) / 32
      let inverse = inverseOrZero(scale)
      let runScales = scales.map { nearestInteger(inverse * $0).clamped(-32, 31) }

      var head = scale.halfBytes + [UInt8](repeating: 0, count: 6)
      for (run, runScale) in runScales.enumerated() {
        head[2 + run / 4] |= UInt8((runScale + 32) >> 4) << UInt8(run % 4 * 2)
        head[4 + run / 2] |= UInt8((runScale + 32) & 15) << UInt8(run % 2 * 4)
      }
      return head
        + (0..<8).flatMap { packedLevels(runs[$0], inverse: inverseOrZero(scale * Float(runScales[$0]))) }
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      let highBits = UInt16(block[2]) | UInt16(block[3]) << 8
      return (0..<8).flatMap { run in
        let low = Int(block[4 + run / 2] >> UInt8(run % 2 * 4)) & 15
        let high = Int(highBits >> UInt16(run * 2)) & 3
        let runScale = scale * Float((low | high << 4) - 32)
        let quants = block[8 + run * 16..<8 + run * 16 + 16]
        return quants.map { runScale * Levels.numbers[Int($0 & 15)] }
          + quants.map { runScale * Levels.numbers[Int($0 >> 4)] }
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    let highBits = Int(bytes.byte(at: source &+ 2)) | Int(bytes.byte(at: source &+ 3)) &<< 8
    for run in 0..<8 {
      let low = (Int(bytes.byte(at: source &+ 4 &+ run &>> 1)) &>> ((run & 1) &* 4)) & 15
      let high = (highBits &>> (run &* 2)) & 3
      decodeRun(
        bytes, at: source &+ 8 &+ run &* 16, by: scale * Float((low | high &<< 4) &- 32), into: &values,
        at: destination &+ run &* 128)
    }
  }

  static func encodeBlock(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int) {
    let runs: InlineArray<32, Floats> = values.subBlocks(at: source)
    store(
      values, at: source, scales: searchLevelScales(runs, weights: runs.mapped { $0 * $0 }), into: &bytes,
      at: destination)
  }

  static func encodeBlock(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let runs: InlineArray<32, Floats> = values.subBlocks(at: source)
    let importances: InlineArray<32, Floats> = importance.subBlocks(at: source)
    let weights = importances.weights(of: runs, variance: values.sumOfSquares(at: source, count: 256) * (2 / 256))
    store(
      values, at: source, scales: searchLevelScales(runs, weights: weights), into: &bytes, at: destination)
  }

  /// Stores a block of sub-blocks with their best scales.
  @inline(__always)
  private static func store(
    _ values: RawSpan, at source: Int, scales: Floats, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let scale = -SIMD16(lowHalf: scales, highHalf: Floats.zero).firstOfGreatestMagnitude / 32
    let runScales = (Floats(repeating: inverseOrZero(scale)) * scales).nearest.clamped(-32, 31)
    let divisors = Floats(repeating: scale) * runScales
    let inverses = (Floats(repeating: 1) / divisors).choosing(Floats.zero, where: divisors .== Floats.zero)

    let raised = (runScales + Floats(repeating: 32)).wholeWords
    var highBits: UInt32 = 0
    var lowBits: UInt32 = 0
    for run in 0..<8 {
      highBits |= (raised[run] >> 4) << UInt32(run &* 2)
      lowBits |= (raised[run] & 15) << UInt32(run &* 4)
    }
    bytes.store(scale.halfBits, at: destination)
    bytes.store(UInt16(truncatingIfNeeded: highBits), at: destination &+ 2)
    bytes.store(lowBits, at: destination &+ 4)
    for run in 0..<8 {
      storeLevels(
        values, at: source &+ run &* 128, inverse: inverses[run], into: &bytes, at: destination &+ 8 &+ run &* 16)
    }
  }
}

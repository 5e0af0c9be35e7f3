// Encodes blocks of 32 elements whose scale follows from their minimum and maximum.
//
// Four loops process up to 64 blocks (8 KiB of floats) while they are in the first-level cache, so that divisions,
// rounding to half precision and the last steps of reductions are done for eight blocks at once:
//
//   1 extremes of each block, as vectors         3 scales and their inverses, eight blocks per vector
//   2 extremes of each block, as scalars         4 quants

/// An encoder of blocks of 32 elements.
protocol SmallBlockEncoder: BlockEncoder {
  /// The element that the scale follows from.
  static var basis: SmallBlockBasis { get }
  /// The scales of eight blocks. `extreme` is the element that `basis` chose, or the minimum.
  static func scales(extreme: Floats, greatest: Floats) -> Floats
  /// Encodes one block with the inverse of its scale.
  static func encodeBlock(
    _ block: Block32, scaleBits: UInt16, least: Float, inverse: Float, into bytes: inout MutableRawSpan,
    at destination: Int)
}

/// The element of a block that its scale follows from.
enum SmallBlockBasis {
  /// The maximum magnitude, without sign.
  case magnitude
  /// The first element of maximum magnitude, with its sign; +0 in a block of zeros.
  case signedMagnitude
  /// Minimum and maximum; a zero has the sign of the first zero.
  case range
}

extension SmallBlockEncoder {
  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    var piece = SmallBlockPiece()
    var source = 0
    var destination = start
    while source < values.byteCount {
      let blockCount = min(
        SmallBlockPiece.maximumBlockCount, (values.byteCount - source) / SmallBlockPiece.blockByteCount)
      let end = source + blockCount * SmallBlockPiece.blockByteCount
      if let index = values.firstNonfinite(from: source, to: end) { return index }
      piece.encode(Self.self, values, from: source, blockCount: blockCount, into: &bytes, at: destination)
      source = end
      destination += blockCount * Reference.bytesPerBlock
    }
    return nil
  }
}

/// Intermediate results of up to 64 blocks.
struct SmallBlockPiece {
  static let maximumBlockCount = 64
  static let blockByteCount = 32 * floatByteCount

  private var leastLanes = [Floats](repeating: .zero, count: maximumBlockCount)
  private var greatestLanes = [Floats](repeating: .zero, count: maximumBlockCount)
  private var extremes = [Float](repeating: 0, count: maximumBlockCount)
  private var greatests = [Float](repeating: 0, count: maximumBlockCount)
  private var inverses = [Float](repeating: 0, count: maximumBlockCount)
  private var scaleBits = [UInt16](repeating: 0, count: maximumBlockCount)

  @inline(__always)
  mutating func encode<Encoder: SmallBlockEncoder>(
    _: Encoder.Type, _ values: RawSpan, from start: Int, blockCount: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    Self.findLanes(values, from: start, blockCount: blockCount, least: &leastLanes, greatest: &greatestLanes)
    Self.reduce(leastLanes, into: &extremes, blockCount: blockCount) { $0.leastLane }
    Self.reduce(greatestLanes, into: &greatests, blockCount: blockCount) { $0.greatestLane }
    for group in 0..<(blockCount + 7) / 8 {
      findScales(Encoder.self, group, values, from: start, blockCount: blockCount)
    }

    let extremes = extremes.span, inverses = inverses.span, scaleBits = scaleBits.span
    for index in 0..<blockCount {
      let source = start &+ index &* Self.blockByteCount
      let target = destination &+ index &* Encoder.Reference.bytesPerBlock
      guard inverses[index].isFinite else {
        Encoder.encodeBlockByReference(values, at: source, into: &bytes, at: target)
        continue
      }
      Encoder.encodeBlock(
        Block32(values, at: source), scaleBits: scaleBits[index], least: extremes[index], inverse: inverses[index],
        into: &bytes, at: target)
    }
  }

  @inline(__always)
  private static func findLanes(
    _ values: RawSpan, from start: Int, blockCount: Int, least: inout [Floats], greatest: inout [Floats]
  ) {
    var least = least.mutableSpan, greatest = greatest.mutableSpan
    for index in 0..<blockCount {
      let block = Block32(values, at: start &+ index &* blockByteCount)
      least[index] = block.first.lesser(block.second).lesser(block.third.lesser(block.fourth))
      greatest[index] = block.first.greater(block.second).greater(block.third.greater(block.fourth))
    }
  }

  @inline(__always)
  private static func reduce(_ lanes: [Floats], into numbers: inout [Float], blockCount: Int, _ lane: (Floats) -> Float)
  {
    let lanes = lanes.span
    var numbers = numbers.mutableSpan
    for index in 0..<blockCount { numbers[index] = lane(lanes[index]) }
  }

  @inline(__always)
  private mutating func findScales<Encoder: SmallBlockEncoder>(
    _: Encoder.Type, _ group: Int, _ values: RawSpan, from start: Int, blockCount: Int
  ) {
    let offset = group &* 32
    var least = extremes.span.bytes.floats(at: offset)
    let greatest = greatests.span.bytes.floats(at: offset)
    let isUndecided: SIMDMask<SIMD8<Int32>>
    switch Encoder.basis {
    case .magnitude:
      least = greatest.greater(-least).magnitude
      isUndecided = .init(repeating: false)
    case .signedMagnitude:
      isUndecided = greatest .== -least
      least.choose(greatest, where: greatest .> -least)
    case .range:
      isUndecided = least .== Floats.zero
    }
    if any(isUndecided) {
      for lane in 0..<8 where isUndecided[lane] && group &* 8 &+ lane < blockCount {
        let block = Block32(values, at: start &+ (group &* 8 &+ lane) &* Self.blockByteCount)
        // Equal magnitudes of both signs: the first decides. Zeros: the first zero bounds a range; a magnitude is +0.
        let isZeroMagnitude = Encoder.basis == .signedMagnitude && least[lane] == 0
        least[lane] = isZeroMagnitude ? 0 : block.first(ofMagnitude: abs(least[lane]))
      }
    }
    let scales = Encoder.scales(extreme: least, greatest: greatest)
    var inverse = Floats(repeating: 1) / scales
    inverse.choose(Floats.zero, where: scales .== Floats.zero)
    // A scale that overflowed has the inverse 0; infinity marks it instead.
    inverse.choose(scales, where: scales .== Floats(repeating: .infinity))
    var extremeSpan = extremes.mutableSpan
    var extremeBytes = extremeSpan.mutableBytes
    extremeBytes.store(least, at: offset)
    var inverseSpan = inverses.mutableSpan
    var inverseBytes = inverseSpan.mutableBytes
    inverseBytes.store(inverse, at: offset)
    var scaleSpan = scaleBits.mutableSpan
    var scaleBytes = scaleSpan.mutableBytes
    scaleBytes.store(scales.halfBits, at: group &* 16)
  }
}

// The encoder of IQ1_S and IQ1_M.

/// A block of −1, 0 and 1 before it is packed.
struct SplitBlock {
  /// The scale of the block.
  var scale: Float = 0
  /// Three bits for each sub-block.
  var scales = InlineArray<16, UInt8>(repeating: 0)
  /// Rows of eight elements.
  var rows = InlineArray<32, UInt16>(repeating: 0)
  /// Whether a sub-block of IQ1_S, or a group of eight of IQ1_M, is shifted down.
  var isDown = InlineArray<32, Bool>(repeating: false)

  /// Sets the three-bit scale of each sub-block, and the scale of the block times `factor`; false if all are zero.
  @discardableResult
  mutating func setScales(_ scales: [Float], factor: Float) -> Bool {
    let greatest = scales.reduce(0) { $0 > $1 ? $0 : $1 }
    if greatest == 0 {
      isDown = .init(repeating: false)
      return false
    }
    let scale = greatest / 15
    let inverse = 1 / scale
    self.scale = scale * factor
    for (index, scale) in scales.enumerated() {
      self.scales[index] = UInt8(nearestInteger(0.5 * (inverse * scale - 1)).clamped(0, 7))
    }
    return true
  }
}

/// The scalar implementation of an encoder of −1, 0 and 1.
protocol SplitReference: ReferenceDecoder {
  /// The bytes of 256 finite values; nil if they are too large.
  static func encode(_ values: [Float], importance: [Float]?) -> [UInt8]?
  /// Stores a block.
  static func pack(_ block: SplitBlock, into bytes: inout MutableRawSpan, at destination: Int)
}

extension SplitReference {
  static func packed(_ block: SplitBlock) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: bytesPerBlock)
    var span = bytes.mutableSpan
    var target = span.mutableBytes
    pack(block, into: &target, at: 0)
    return bytes
  }
}

extension SplitSearch {
  /// The weights of a block's elements.
  static func weights(_ values: [Float], importance: [Float]?) -> [Float] {
    let variance = 2 * sumOfSquares(values) / 256
    if let importance { return importanceWeights(values, importance: importance, variance: variance) }
    return values.map { $0 * $0 }
  }

  /// Searches a sub-block unless its magnitude is less than `negligible`.
  static func search(
    _ values: ArraySlice<Float>, _ weights: ArraySlice<Float>, negligible: Float,
    _ search: (_ values: [Float], _ weights: [Float]) -> Found?
  ) -> Found? {
    let greatest = values.reduce(0) { $0 > abs($1) ? $0 : abs($1) }
    return greatest < negligible
      ? Found(scale: 0, isDown: [], rows: []) : search(Array(values), Array(weights))
  }
}

/// Encodes blocks of 256 elements as −1, 0 and 1.
protocol SplitEncoder: BlockDecoder, OptionallyWeightedRowEncoder where Reference: SplitReference {
  /// The block of finite floats with weights; nil if they are too large.
  static func block(
    _ values: RawSpan, at source: Int, weights: InlineArray<256, Float>, _ finder: inout SplitRows
  ) -> SplitBlock?
}

extension SplitEncoder {
  static func encode(
    _ values: RawSpan, importance: RawSpan?, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    var finder = SplitRows()
    for block in 0..<values.byteCount / 1024 {
      let source = block &* 1024
      let weights = values.splitWeights(at: source, importance: importance)
      guard let packed = Self.block(values, at: source, weights: weights, &finder) else {
        return block * 256
          + firstIndexOfGreatestMagnitude((0..<256).map { values.float(at: source + $0 * floatByteCount) })
      }
      Reference.pack(packed, into: &bytes, at: start &+ block &* Reference.bytesPerBlock)
    }
    return nil
  }
}

extension RawSpan {
  /// The weights of the elements of a block.
  @inline(__always)
  fileprivate func splitWeights(at source: Int, importance: RawSpan?) -> InlineArray<256, Float> {
    var weights = InlineArray<256, Float>(repeating: 0)
    let variance = 2 * sumOfSquares(at: source, count: 256) / 256
    for index in 0..<256 {
      let value = float(at: source &+ index &* floatByteCount)
      if let importance {
        weights[index] =
          importance.float(at: source &+ index &* floatByteCount) * (variance + value * value).squareRoot()
      } else {
        weights[index] = value * value
      }
    }
    return weights
  }
}

// Encoding with an importance matrix: the importance of each column of a tensor is its mean squared input activation,
// measured on text. All rows share it. The weight of an element in a search is
//
//   importance · √(variance + w²)
//
// where the variance is the mean square of the block for Q2_K and twice that for other formats; Q6_K uses only the
// importance.

/// Encodes rows of elements weighted by importance.
protocol WeightedRowEncoder: RowEncoder {
  /// Encodes one row; `importance` has one float per element.
  ///
  /// - Returns: the index of the first value that the format cannot store, or nil if everything was encoded.
  static func encode(
    _ values: RawSpan, weightedBy importance: RawSpan, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int?
}

/// Encodes rows with or without an importance matrix.
protocol OptionallyWeightedRowEncoder: WeightedRowEncoder {
  /// Encodes one row; without `importance` by the format's own weights.
  ///
  /// - Returns: the index of the first value that the format cannot store, or nil if everything was encoded.
  static func encode(
    _ values: RawSpan, importance: RawSpan?, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int?
}

extension OptionallyWeightedRowEncoder {
  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    encode(values, importance: nil, into: &bytes, at: start)
  }

  static func encode(
    _ values: RawSpan, weightedBy importance: RawSpan, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int? {
    encode(values, importance: importance, into: &bytes, at: start)
  }
}

/// The scalar implementation of a block encoder with importance.
protocol WeightedReferenceEncoder: ReferenceEncoder {
  static func encode(_ values: [Float], importance: [Float]?) -> [UInt8]
}

extension WeightedReferenceEncoder {
  static func encode(_ values: [Float]) -> [UInt8] { encode(values, importance: nil) }
}

/// An encoder of super-blocks of 256 elements with optional importance.
protocol WeightedSuperBlockEncoder: SuperBlockEncoder, WeightedRowEncoder where Reference: WeightedReferenceEncoder {
  /// Encodes one block of finite floats, whose importance is at the same byte `source` of `importance`.
  static func encodeBlock(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int)
  /// Encodes two blocks, one after the other; a format may search both at once.
  static func encodeTwoBlocks(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int)
}

extension WeightedSuperBlockEncoder {
  static func encodeTwoBlocks(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    encodeBlock(values, weightedBy: importance, at: source, into: &bytes, at: destination)
    encodeBlock(
      values, weightedBy: importance, at: source &+ blockFloatByteCount, into: &bytes,
      at: destination &+ Reference.bytesPerBlock)
  }

  static func encode(
    _ values: RawSpan, weightedBy importance: RawSpan, into bytes: inout MutableRawSpan, at start: Int
  ) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    for step in BlockSteps(byteCount: values.byteCount) {
      let destination = start &+ step.firstBlock &* Reference.bytesPerBlock
      if step.isPair {
        encodeTwoBlocks(values, weightedBy: importance, at: step.source, into: &bytes, at: destination)
      } else {
        encodeBlock(values, weightedBy: importance, at: step.source, into: &bytes, at: destination)
      }
    }
    return nil
  }

  @inline(never)
  static func encodeBlockByReference(
    _ values: RawSpan, weightedBy importance: RawSpan, at source: Int, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    let offsets = (0..<256).map { source + $0 * floatByteCount }
    let block = Reference.encode(
      offsets.map { values.float(at: $0) }, importance: offsets.map { importance.float(at: $0) })
    for (index, byte) in block.enumerated() { bytes.store(byte, at: destination + index) }
  }
}

/// The sum of squares, in order.
func sumOfSquares(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 } }

/// The weights of elements with this importance in a block of this variance.
func importanceWeights(_ values: [Float], importance: [Float], variance: Float) -> [Float] {
  zip(values, importance).map { value, importance in importance * (variance + value * value).squareRoot() }
}

extension RawSpan {
  /// The sum of the squares of `count` floats, in order.
  @inline(__always)
  func sumOfSquares(at offset: Int, count: Int) -> Float {
    var sum: Float = 0
    for index in 0..<count {
      let value = float(at: offset &+ index &* floatByteCount)
      sum += value * value
    }
    return sum
  }
}

extension InlineArray where Element: FloatLanes {
  /// The weights of elements with this importance in blocks of these variances.
  @inline(__always)
  func weights(of values: Self, variance: Element) -> Self {
    let importance = span, elements = values.span
    return Self { importance[$0] * (variance + elements[$0] * elements[$0]).root }
  }

  /// The weights of elements with this importance in a block of this variance.
  @inline(__always)
  func weights(of values: Self, variance: Float) -> Self {
    weights(of: values, variance: Element(repeating: variance))
  }

  /// The sum of all vectors, in order.
  @inline(__always)
  var sum: Element {
    let vectors = span
    var sum = Element.zero
    for index in vectors.indices { sum = sum + vectors[index] }
    return sum
  }
}

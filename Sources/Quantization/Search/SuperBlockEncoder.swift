// The encoder of super-blocks of 256 elements, whose best scales are searched.
//
// A search adds its terms in order, so the lanes of a vector are not neighboring elements. They are elements of eight
// sub-blocks, one per lane: every lane does the same as the scalar implementation, in the same order.

/// An encoder of super-blocks of 256 elements in sub-blocks of 16 or 32.
protocol SuperBlockEncoder: BlockEncoder {
  /// Encodes one block of finite floats.
  static func encodeBlock(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int)
  /// Encodes two blocks of finite floats, one after the other; a format may search both at once.
  static func encodeTwoBlocks(
    _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int)
}

/// The bytes of a super-block's floats.
let blockFloatByteCount = 256 * floatByteCount

extension SuperBlockEncoder {
  static func encodeTwoBlocks(_ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int)
  {
    encodeBlock(values, at: source, into: &bytes, at: destination)
    encodeBlock(
      values, at: source &+ blockFloatByteCount, into: &bytes, at: destination &+ Reference.bytesPerBlock)
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    for step in BlockSteps(byteCount: values.byteCount) {
      if let index = values.firstNonfinite(from: step.source, to: step.end) { return index }
      let destination = start &+ step.firstBlock &* Reference.bytesPerBlock
      if step.isPair {
        encodeTwoBlocks(values, at: step.source, into: &bytes, at: destination)
      } else {
        encodeBlock(values, at: step.source, into: &bytes, at: destination)
      }
    }
    return nil
  }
}

/// The super-blocks of a row, two at a time where that is faster.
struct BlockSteps: Sequence, IteratorProtocol {
  /// One super-block or two, by the bytes of their floats.
  struct Step {
    let source: Int, isPair: Bool

    var end: Int { source &+ (isPair ? 2 : 1) &* blockFloatByteCount }
    /// The index of the super-block in the row.
    var firstBlock: Int { source / blockFloatByteCount }
  }

  let byteCount: Int
  private var source = 0

  init(byteCount: Int) { self.byteCount = byteCount }

  @inline(__always)
  mutating func next() -> Step? {
    guard source < byteCount else { return nil }
    let isPair = SixteenFloats.areFaster && source &+ 2 &* blockFloatByteCount <= byteCount
    let step = Step(source: source, isPair: isPair)
    source = step.end
    return step
  }
}

extension RawSpan {
  /// Eight sub-blocks of `count` floats, one per lane: lane k of vector i is element i of sub-block k.
  @inline(__always)
  func subBlocks<let count: Int>(at offset: Int) -> InlineArray<count, Floats> {
    let eight = extracting(offset..<offset &+ count &* 8 &* floatByteCount)
    return InlineArray<count, Floats> { index in
      func lane(_ lane: Int) -> Float { eight.float(at: (lane &* count &+ index) &* floatByteCount) }
      return Floats(lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7))
    }
  }
}

extension RawSpan {
  /// `count` floats, padded with zeros to 256.
  func padded(from offset: Int, count: Int) -> InlineArray<256, Float> {
    InlineArray { $0 < count ? float(at: offset &+ $0 &* floatByteCount) : 0 }
  }
}

extension InlineArray where Element == Floats {
  /// The lanes of these vectors, and after them those of `others`.
  @inline(__always)
  func beside(_ others: Self) -> InlineArray<count, SixteenFloats> {
    let low = span, high = others.span
    return InlineArray<count, SixteenFloats> { SixteenFloats(lowHalf: low[$0], highHalf: high[$0]) }
  }

  /// Applies `transform` to every vector.
  @inline(__always)
  func mapped(_ transform: (Floats) -> Floats) -> Self {
    let vectors = span
    return Self { transform(vectors[$0]) }
  }
}

extension SIMD8 where Scalar == Float {
  var array: [Float] { (0..<8).map { self[$0] } }
}

extension SIMD8 where Scalar == UInt32 {
  /// Four vectors of integers below 256, one in each byte of the lanes.
  @inline(__always)
  init(bytes vector: (Int) -> Self) { self = vector(0) | (vector(1) &<< 8) | (vector(2) &<< 16) | (vector(3) &<< 24) }

  /// Two bits of each of eight sub-blocks of 16, which are four groups of 32: the byte with the groups' quants of a
  /// position below 16, low bits first, and the byte of the position 16 higher. The lanes may have four positions, one per byte.
  @inline(__always)
  var fourRunsOfTwoBits: (UInt32, UInt32) {
    let four = lowHalf | (highHalf &<< 4)
    let two = four.lowHalf | (four.highHalf &<< 2)
    return (two[0], two[1])
  }
}

extension SIMD16 where Scalar == Float {
  /// The first lane of maximum magnitude; 0 if all are zero or NaN.
  @inline(__always)
  var firstOfGreatestMagnitude: Float {
    var greatest: Float = 0
    for lane in 0..<16 where abs(self[lane]) > abs(greatest) { greatest = self[lane] }
    return greatest
  }
}

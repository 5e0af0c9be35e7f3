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
    let isPair = sixteenLanesAreFaster && source &+ 2 &* blockFloatByteCount <= byteCount
    let step = Step(source: source, isPair: isPair)
    source = step.end
    return step
  }
}

extension RawSpan {
  /// Eight sub-blocks of `count` floats, one per lane: lane k of vector i is element i of sub-block k.
  @inline(__always)
  func subBlocks<let count: Int>(at offset: Int) -> InlineArray<count, Floats> {
    var blocks = InlineArray<count, Floats>(repeating: .zero)
    var vectors = blocks.mutableSpan
    for index in stride(from: 0, to: count, by: 4) {
      let four = fourOfSubBlocks(of: count, from: index, at: offset)
      (vectors[index], vectors[index &+ 1], vectors[index &+ 2], vectors[index &+ 3]) = four
    }
    return blocks
  }

  /// Elements `index` to `index + 3` of eight sub-blocks of `count` floats.
  @inline(__always)
  func fourOfSubBlocks(of count: Int, from index: Int, at offset: Int) -> (Floats, Floats, Floats, Floats) {
    /// Four elements of a sub-block, and those of the one four lanes later.
    func pair(_ lane: Int) -> Floats {
      Floats(
        lowHalf: fourFloats(at: offset &+ (lane &* count &+ index) &* floatByteCount),
        highHalf: fourFloats(at: offset &+ ((lane &+ 4) &* count &+ index) &* floatByteCount))
    }
    let (one, two, three, four) = (pair(0), pair(1), pair(2), pair(3))
    let (first, second) = one.interleavedFours(with: two)
    let (third, fourth) = three.interleavedFours(with: four)
    let (low, high) = first.interleavedPairs(with: third)
    let (nextLow, nextHigh) = second.interleavedPairs(with: fourth)
    return (low, high, nextLow, nextHigh)
  }
}

extension RawSpan {
  /// `count` floats, padded with zeros to 256.
  func padded(from offset: Int, count: Int) -> InlineArray<256, Float> {
    InlineArray { $0 < count ? float(at: offset &+ $0 &* floatByteCount) : 0 }
  }
}

extension SIMD8 where Scalar == Float {
  /// In each half, the first two lanes of both vectors by turns, and the last two.
  @inline(__always)
  fileprivate func interleavedFours(with other: Self) -> (Self, Self) {
    (
      Self(self[0], other[0], self[1], other[1], self[4], other[4], self[5], other[5]),
      Self(self[2], other[2], self[3], other[3], self[6], other[6], self[7], other[7])
    )
  }

  /// In each half, the first two lanes of both vectors, and the last two.
  @inline(__always)
  fileprivate func interleavedPairs(with other: Self) -> (Self, Self) {
    (
      Self(self[0], self[1], other[0], other[1], self[4], self[5], other[4], other[5]),
      Self(self[2], self[3], other[2], other[3], self[6], self[7], other[6], other[7])
    )
  }
}

extension InlineArray where Element: FloatLanes {
  /// The products of vectors at the same index.
  @inline(__always)
  func products(with others: Self) -> Self {
    let vectors = span, factors = others.span
    return Self { vectors[$0] * factors[$0] }
  }

  /// Applies `transform` to every vector.
  @inline(__always)
  func mapped(_ transform: (Element) -> Element) -> Self {
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

extension SIMD16 where Scalar == Float {
  /// The first lane of maximum magnitude; 0 if all are zero or NaN.
  @inline(__always)
  var firstOfGreatestMagnitude: Float {
    var greatest: Float = 0
    for lane in 0..<16 where abs(self[lane]) > abs(greatest) { greatest = self[lane] }
    return greatest
  }
}

import CVectors

/// Sixteen lanes: the sub-blocks of two blocks of eight, or of one of sixteen.
///
/// A sum waits for each of its terms, so two registers of sums give more than one.
protocol SixteenLanes: FloatLanes {
  init(lowHalf: Floats, highHalf: Floats)
  var lowHalf: Floats { get }
  var highHalf: Floats { get }
  static func halves(_ mask: Mask) -> (Floats.Mask, Floats.Mask)
}

extension SixteenLanes {
  @inline(__always)
  init(eachEight number: (Int) -> Float) {
    self.init(lowHalf: Floats(repeating: number(0)), highHalf: Floats(repeating: number(1)))
  }

  @inline(__always)
  static func subBlocks<let count: Int>(_ values: RawSpan, at offset: Int) -> InlineArray<count, Self> {
    let next = offset &+ count &* 8 &* floatByteCount
    var blocks = InlineArray<count, Self>(repeating: .zero)
    var vectors = blocks.mutableSpan
    for index in stride(from: 0, to: count, by: 4) {
      let low = values.fourOfSubBlocks(of: count, from: index, at: offset)
      let high = values.fourOfSubBlocks(of: count, from: index, at: next)
      vectors[index] = Self(lowHalf: low.0, highHalf: high.0)
      vectors[index &+ 1] = Self(lowHalf: low.1, highHalf: high.1)
      vectors[index &+ 2] = Self(lowHalf: low.2, highHalf: high.2)
      vectors[index &+ 3] = Self(lowHalf: low.3, highHalf: high.3)
    }
    return blocks
  }
}

/// Whether sixteen searches at once are faster than eight in this build: with four registers, values are moved to memory.
@inline(__always)
var sixteenLanesAreFaster: Bool { VECTOR_BYTE_COUNT >= 32 }
/// Whether a register has sixteen floats.
@inline(__always)
var sixteenLanesFitRegister: Bool { VECTOR_BYTE_COUNT == 64 }

/// Sixteen floats in one register.
typealias SixteenFloats = SIMD16<Float>

extension SIMD16: FloatLanes, SixteenLanes where Scalar == Float {
  typealias Mask = SIMDMask<SIMD16<Int32>>

  @inline(__always)
  static func both(_ one: Mask, _ other: Mask) -> Mask { one .& other }
  @inline(__always)
  static func either(_ one: Mask, _ other: Mask) -> Mask { one .| other }
  @inline(__always)
  static func isSetEverywhere(_ mask: Mask) -> Bool {
    let (low, high) = halves(mask)
    return (low .& high).isSetEverywhere
  }
  @inline(__always)
  static func halves(_ mask: Mask) -> (Floats.Mask, Floats.Mask) {
    let words = unsafeBitCast(mask, to: SIMD16<Int32>.self)
    return (
      unsafeBitCast(words.lowHalf, to: Floats.Mask.self), unsafeBitCast(words.highHalf, to: Floats.Mask.self)
    )
  }

  @inline(__always)
  private var words: SIMD16<UInt32> { unsafeBitCast(self, to: SIMD16<UInt32>.self) }
  @inline(__always)
  private init(bits: SIMD16<UInt32>) { self = unsafeBitCast(bits, to: Self.self) }

  @inline(__always)
  var magnitude: Self { Self(bits: words & SIMD16<UInt32>(repeating: 0x7FFF_FFFF)) }

  @inline(__always)
  var root: Self { squareRoot() }

  @inline(__always)
  func greater(_ other: Self) -> Self { choosing(other, where: other .> self) }

  @inline(__always)
  func lesser(_ other: Self) -> Self { choosing(other, where: other .< self) }

  @inline(__always)
  func greaterPositive(_ other: Self) -> Self {
    Self(lowHalf: lowHalf.greaterPositive(other.lowHalf), highHalf: highHalf.greaterPositive(other.highHalf))
  }

  @inline(__always)
  func lesserPositive(_ other: Self) -> Self {
    Self(lowHalf: lowHalf.lesserPositive(other.lowHalf), highHalf: highHalf.lesserPositive(other.highHalf))
  }

  @inline(__always)
  func choosing(_ other: Self, where mask: Mask) -> Self {
    Self(bits: words ^ ((words ^ other.words) & unsafeBitCast(mask, to: SIMD16<UInt32>.self)))
  }
}

/// Sixteen floats in two registers.
///
/// Operations of `SIMD16` that are not plain arithmetic become halves that the compiler joins and parts again.
struct PairedFloats: SixteenLanes {
  struct Mask {
    let low: Floats.Mask, high: Floats.Mask
  }

  let lowHalf: Floats, highHalf: Floats

  @inline(__always)
  init(lowHalf: Floats, highHalf: Floats) {
    self.lowHalf = lowHalf
    self.highHalf = highHalf
  }

  @inline(__always)
  init(repeating value: Float) { self.init(lowHalf: Floats(repeating: value), highHalf: Floats(repeating: value)) }

  @inline(__always)
  static var zero: Self { Self(repeating: 0) }

  @inline(__always)
  private func with(_ other: Self, _ combine: (Floats, Floats) -> Floats) -> Self {
    Self(lowHalf: combine(lowHalf, other.lowHalf), highHalf: combine(highHalf, other.highHalf))
  }

  @inline(__always)
  static func + (one: Self, other: Self) -> Self { one.with(other) { $0 + $1 } }
  @inline(__always)
  static func - (one: Self, other: Self) -> Self { one.with(other) { $0 - $1 } }
  @inline(__always)
  static func * (one: Self, other: Self) -> Self { one.with(other) { $0 * $1 } }
  @inline(__always)
  static func / (one: Self, other: Self) -> Self { one.with(other) { $0 / $1 } }

  @inline(__always)
  static func .< (one: Self, other: Self) -> Mask {
    Mask(low: one.lowHalf .< other.lowHalf, high: one.highHalf .< other.highHalf)
  }
  @inline(__always)
  static func .> (one: Self, other: Self) -> Mask {
    Mask(low: one.lowHalf .> other.lowHalf, high: one.highHalf .> other.highHalf)
  }
  @inline(__always)
  static func .== (one: Self, other: Self) -> Mask {
    Mask(low: one.lowHalf .== other.lowHalf, high: one.highHalf .== other.highHalf)
  }
  @inline(__always)
  static func both(_ one: Mask, _ other: Mask) -> Mask { Mask(low: one.low .& other.low, high: one.high .& other.high) }
  @inline(__always)
  static func either(_ one: Mask, _ other: Mask) -> Mask {
    Mask(low: one.low .| other.low, high: one.high .| other.high)
  }
  @inline(__always)
  static func isSetEverywhere(_ mask: Mask) -> Bool { (mask.low .& mask.high).isSetEverywhere }
  @inline(__always)
  static func halves(_ mask: Mask) -> (Floats.Mask, Floats.Mask) { (mask.low, mask.high) }

  @inline(__always)
  var magnitude: Self { Self(lowHalf: lowHalf.magnitude, highHalf: highHalf.magnitude) }
  @inline(__always)
  var root: Self { Self(lowHalf: lowHalf.root, highHalf: highHalf.root) }
  @inline(__always)
  func greater(_ other: Self) -> Self { with(other) { $0.greater($1) } }
  @inline(__always)
  func lesser(_ other: Self) -> Self { with(other) { $0.lesser($1) } }
  @inline(__always)
  func greaterPositive(_ other: Self) -> Self { with(other) { $0.greaterPositive($1) } }
  @inline(__always)
  func lesserPositive(_ other: Self) -> Self { with(other) { $0.lesserPositive($1) } }

  @inline(__always)
  func choosing(_ other: Self, where mask: Mask) -> Self {
    Self(
      lowHalf: lowHalf.choosing(other.lowHalf, where: mask.low),
      highHalf: highHalf.choosing(other.highHalf, where: mask.high))
  }
}

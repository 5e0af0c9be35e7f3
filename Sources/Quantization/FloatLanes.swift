/// A vector of floats whose lanes are searches of their own: eight, or sixteen where two registers have them.
///
/// Only what the searches use. In generic code the standard library's operations of `SIMD` go lane by lane; these requirements
/// are met by the operations of the types, which are instructions.
protocol FloatLanes: BitwiseCopyable, Sendable {
  associatedtype Mask: Sendable

  init(repeating value: Float)
  static var zero: Self { get }
  static func + (one: Self, other: Self) -> Self
  static func - (one: Self, other: Self) -> Self
  static func * (one: Self, other: Self) -> Self
  static func / (one: Self, other: Self) -> Self
  static func .< (one: Self, other: Self) -> Mask
  static func .> (one: Self, other: Self) -> Mask
  static func .== (one: Self, other: Self) -> Mask
  static func both(_ one: Mask, _ other: Mask) -> Mask
  static func either(_ one: Mask, _ other: Mask) -> Mask
  static func isSetEverywhere(_ mask: Mask) -> Bool
  /// A number of each eight lanes, which are the sub-blocks of a block of eight.
  init(eachEight number: (Int) -> Float)
  /// As many sub-blocks of `count` floats as there are lanes: lane k of vector i is element i of sub-block k.
  static func subBlocks<let count: Int>(_ values: RawSpan, at offset: Int) -> InlineArray<count, Self>

  /// The magnitude of each lane.
  var magnitude: Self { get }
  /// The square root of each lane.
  var root: Self { get }
  /// The maximum of each two lanes; this one's if they are equal.
  func greater(_ other: Self) -> Self
  /// The minimum of each two lanes; this one's if they are equal.
  func lesser(_ other: Self) -> Self
  /// The maximum of each two lanes of positive numbers, by their bits.
  func greaterPositive(_ other: Self) -> Self
  /// The minimum of each two lanes of positive numbers, by their bits.
  func lesserPositive(_ other: Self) -> Self
  /// The lanes of `other` where `mask` is set, the others of this vector.
  func choosing(_ other: Self, where mask: Mask) -> Self
}

extension FloatLanes {
  @inline(__always)
  mutating func choose(_ other: Self, where mask: Mask) { self = choosing(other, where: mask) }

  /// The nearest integers of lanes that are known to be within ±2²².
  @inline(__always)
  var nearestSmall: Self { (self + Self(repeating: roundingShift)) - Self(repeating: roundingShift) }

  /// The nearest integers of such lanes, at most those of the limit.
  ///
  /// Limits are compared before the shift is taken away, when all lanes are positive: comparisons of integers do not wait
  /// for the units that multiply.
  @inline(__always)
  func nearestSmall(atMost greatest: ShiftedLimit<Self>) -> Self {
    (self + Self(repeating: roundingShift)).lesserPositive(greatest.lanes) - Self(repeating: roundingShift)
  }

  /// The nearest integers of such lanes, at least those of the limit.
  @inline(__always)
  func nearestSmall(atLeast least: ShiftedLimit<Self>) -> Self {
    (self + Self(repeating: roundingShift)).greaterPositive(least.lanes) - Self(repeating: roundingShift)
  }

  /// The nearest integers of such lanes within both limits.
  @inline(__always)
  func nearestSmall(atLeast least: ShiftedLimit<Self>, atMost greatest: ShiftedLimit<Self>) -> Self {
    (self + Self(repeating: roundingShift)).lesserPositive(greatest.lanes).greaterPositive(least.lanes)
      - Self(repeating: roundingShift)
  }

  @inline(__always)
  func clamped(_ least: Float, _ greatest: Float) -> Self {
    lesser(Self(repeating: greatest)).greater(Self(repeating: least))
  }

  @inline(__always)
  var negated: Self { Self.zero - self }
}

/// An integer as a limit of `nearestSmall`.
///
/// An argument of the function that compares with it: of a limit that the compiler knows, it makes choices and not minimums.
struct ShiftedLimit<Lanes: FloatLanes> {
  fileprivate let lanes: Lanes

  @inline(__always)
  init(_ limit: Float) { lanes = Lanes(repeating: limit + roundingShift) }
}

extension SIMD8: FloatLanes where Scalar == Float {
  typealias Mask = SIMDMask<SIMD8<Int32>>

  @inline(__always)
  static func both(_ one: Mask, _ other: Mask) -> Mask { one .& other }
  @inline(__always)
  static func either(_ one: Mask, _ other: Mask) -> Mask { one .| other }
  @inline(__always)
  static func isSetEverywhere(_ mask: Mask) -> Bool { mask.isSetEverywhere }

  @inline(__always)
  init(eachEight number: (Int) -> Float) { self.init(repeating: number(0)) }

  @inline(__always)
  static func subBlocks<let count: Int>(_ values: RawSpan, at offset: Int) -> InlineArray<count, Self> {
    values.subBlocks(at: offset)
  }

  @inline(__always)
  var root: Self { squareRoot() }

  @inline(__always)
  private var integers: SIMD8<Int32> { unsafeBitCast(self, to: SIMD8<Int32>.self) }

  // Lane by lane: of a choice between whole vectors by their bits the compiler makes no maximum.
  @inline(__always)
  func greaterPositive(_ other: Self) -> Self {
    let (one, other) = (integers, other.integers)
    func lane(_ index: Int) -> Int32 { other[index] > one[index] ? other[index] : one[index] }
    return unsafeBitCast(
      SIMD8<Int32>(lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7)), to: Self.self)
  }

  @inline(__always)
  func lesserPositive(_ other: Self) -> Self {
    let (one, other) = (integers, other.integers)
    func lane(_ index: Int) -> Int32 { other[index] < one[index] ? other[index] : one[index] }
    return unsafeBitCast(
      SIMD8<Int32>(lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7)), to: Self.self)
  }
}

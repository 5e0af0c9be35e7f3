import CVectors

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

  /// The magnitude of each lane.
  var magnitude: Self { get }
  /// The maximum of each two lanes; this one's if they are equal.
  func greater(_ other: Self) -> Self
  /// The minimum of each two lanes; this one's if they are equal.
  func lesser(_ other: Self) -> Self
  /// The lanes of `other` where `mask` is set, the others of this vector.
  func choosing(_ other: Self, where mask: Mask) -> Self
}

extension FloatLanes {
  @inline(__always)
  mutating func choose(_ other: Self, where mask: Mask) { self = choosing(other, where: mask) }

  /// The nearest integers of lanes that are known to be within ±2²².
  @inline(__always)
  var nearestSmall: Self { (self + Self(repeating: roundingShift)) - Self(repeating: roundingShift) }

  @inline(__always)
  func clamped(_ least: Float, _ greatest: Float) -> Self {
    lesser(Self(repeating: greatest)).greater(Self(repeating: least))
  }

  @inline(__always)
  var negated: Self { Self.zero - self }
}

extension SIMD8: FloatLanes where Scalar == Float {
  typealias Mask = SIMDMask<SIMD8<Int32>>

  @inline(__always)
  static func both(_ one: Mask, _ other: Mask) -> Mask { one .& other }
  @inline(__always)
  static func either(_ one: Mask, _ other: Mask) -> Mask { one .| other }
  @inline(__always)
  static func isSetEverywhere(_ mask: Mask) -> Bool { mask.isSetEverywhere }
}

/// Sixteen elements.
typealias SixteenFloats = SIMD16<Float>

extension SIMD16: FloatLanes where Scalar == Float {
  typealias Mask = SIMDMask<SIMD16<Int32>>

  /// Whether sixteen searches at once are faster than eight in this build.
  ///
  /// A sum waits for each of its terms, so two registers of sums give more than one. With four, values are moved to memory.
  @inline(__always)
  static var areFaster: Bool { VECTOR_BYTE_COUNT >= 32 }
  /// Whether a register has sixteen floats.
  @inline(__always)
  private static var fitRegister: Bool { VECTOR_BYTE_COUNT == 64 }

  @inline(__always)
  static func both(_ one: Mask, _ other: Mask) -> Mask { one .& other }
  @inline(__always)
  static func either(_ one: Mask, _ other: Mask) -> Mask { one .| other }
  @inline(__always)
  static func isSetEverywhere(_ mask: Mask) -> Bool {
    let words = unsafeBitCast(mask, to: SIMD16<Int32>.self)
    return unsafeBitCast(words.lowHalf & words.highHalf, to: Floats.Mask.self).isSetEverywhere
  }

  @inline(__always)
  private var words: SIMD16<UInt32> { unsafeBitCast(self, to: SIMD16<UInt32>.self) }

  @inline(__always)
  private init(bits: SIMD16<UInt32>) { self = unsafeBitCast(bits, to: Self.self) }

  @inline(__always)
  var magnitude: Self { Self(bits: words & SIMD16<UInt32>(repeating: 0x7FFF_FFFF)) }

  @inline(__always)
  func greater(_ other: Self) -> Self {
    guard Self.fitRegister else {
      return Self(lowHalf: lowHalf.greater(other.lowHalf), highHalf: highHalf.greater(other.highHalf))
    }
    return replacing(with: other, where: other .> self)
  }

  @inline(__always)
  func lesser(_ other: Self) -> Self {
    guard Self.fitRegister else {
      return Self(lowHalf: lowHalf.lesser(other.lowHalf), highHalf: highHalf.lesser(other.highHalf))
    }
    return replacing(with: other, where: other .< self)
  }

  @inline(__always)
  func choosing(_ other: Self, where mask: Mask) -> Self {
    Self(bits: words ^ ((words ^ other.words) & unsafeBitCast(mask, to: SIMD16<UInt32>.self)))
  }
}

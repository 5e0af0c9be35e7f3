/// The layout of a float of at most eight bits, of which a table has all values.
///
///     high ┊ sign │ exponent │ fraction ┊ low
///
/// Sources: OCP 8-bit Floating Point Specification 1.0 (E4M3, E5M2), OCP Microscaling Formats 1.0 (the 6 and 4 bit formats),
/// and for the FNUZ pair arXiv 2206.02915, whose only NaN is the pattern of negative zero.
public struct Minifloat: Hashable, Sendable {
  /// The bit patterns that are not finite.
  public enum Specials: Sendable {
    /// The highest exponent means infinity or NaN, as in IEEE 754.
    case ieee
    /// All bits of exponent and fraction set is NaN; no infinity.
    case onlyAllOnes
    /// The pattern of negative zero is NaN; no infinity, no negative zero.
    case onlyNegativeZero
    /// Every pattern is a finite number.
    case none
  }

  public let exponentBitCount: Int
  public let fractionBitCount: Int
  public let bias: Int
  public let specials: Specials

  public static let e4m3 = Minifloat(exponentBitCount: 4, fractionBitCount: 3, bias: 7, specials: .onlyAllOnes)
  public static let e5m2 = Minifloat(exponentBitCount: 5, fractionBitCount: 2, bias: 15, specials: .ieee)
  public static let e4m3fnuz = Minifloat(exponentBitCount: 4, fractionBitCount: 3, bias: 8, specials: .onlyNegativeZero)
  public static let e5m2fnuz = Minifloat(
    exponentBitCount: 5, fractionBitCount: 2, bias: 16, specials: .onlyNegativeZero)
  public static let e2m3 = Minifloat(exponentBitCount: 2, fractionBitCount: 3, bias: 1, specials: .none)
  public static let e3m2 = Minifloat(exponentBitCount: 3, fractionBitCount: 2, bias: 3, specials: .none)
  /// 0, ½, 1, 1½, 2, 3, 4, 6 and their negatives.
  public static let e2m1 = Minifloat(exponentBitCount: 2, fractionBitCount: 1, bias: 1, specials: .none)

  /// The values of all `2^(1 + exponentBitCount + fractionBitCount)` patterns, in order.
  public var values: [Float] {
    (0..<(2 << (exponentBitCount + fractionBitCount))).map(value)
  }

  /// The binary exponent of the lowest bit of the smallest value.
  public var leastExponent: Int { 1 - bias - fractionBitCount }

  /// The largest finite value.
  public var greatest: Float { values.lazy.filter(\.isFinite).max() ?? 0 }

  private func value(of pattern: Int) -> Float {
    let fractionMask = (1 << fractionBitCount) - 1
    let exponentMask = (1 << exponentBitCount) - 1
    let fraction = pattern & fractionMask
    let exponent = (pattern >> fractionBitCount) & exponentMask
    let isNegative = pattern >> (fractionBitCount + exponentBitCount) == 1

    let isNaN =
      switch specials {
      case .ieee: exponent == exponentMask && fraction != 0
      case .onlyAllOnes: exponent == exponentMask && fraction == fractionMask
      case .onlyNegativeZero: isNegative && exponent == 0 && fraction == 0
      case .none: false
      }
    if isNaN { return isNegative && specials != .onlyNegativeZero ? -Float.nan : .nan }
    if specials == .ieee, exponent == exponentMask { return isNegative ? -.infinity : .infinity }

    // Exponent 0 has no implicit bit and the scale of exponent 1.
    let significand = exponent == 0 ? fraction : fraction | (1 << fractionBitCount)
    let scale = max(exponent, 1) - bias - fractionBitCount
    let magnitude = Float(sign: .plus, exponent: scale, significand: Float(significand))
    return isNegative ? -magnitude : magnitude
  }

  /// The value of a byte of E8M0, an exponent only: 2^(byte − 127), and NaN for 255.
  public static func e8m0(_ byte: UInt8) -> Float {
    switch byte {
    case 255: .nan
    case 0: 0x1p-127
    default: Float(bitPattern: UInt32(byte) << 23)
    }
  }
}

// Floats of at most eight bits, decoded through a table of all their values.
//
//    high ┊ sign │ exponent │ fraction ┊ low
//
// Sources: OCP 8-bit Floating Point Specification 1.0 (E4M3, E5M2), OCP Microscaling Formats 1.0 (E8M0, the 6 and 4 bit
// formats), and for the FNUZ pair arXiv 2206.02915, whose only NaN is the pattern of negative zero.

/// The layout of one such format.
struct Minifloat: Sendable {
  /// The bit patterns that are not finite.
  enum Specials: Sendable {
    /// The highest exponent means infinity or NaN, as in IEEE 754.
    case ieee
    /// All bits of exponent and fraction set is NaN; no infinity.
    case onlyAllOnes
    /// The pattern of negative zero is NaN; no infinity, no negative zero.
    case onlyNegativeZero
    /// Every pattern is a finite number.
    case none
  }

  let exponentBitCount: Int
  let fractionBitCount: Int
  let bias: Int
  let specials: Specials

  /// The values of all `2^(1 + exponentBitCount + fractionBitCount)` patterns, in order.
  var values: [Float] {
    (0..<(2 << (exponentBitCount + fractionBitCount))).map(value)
  }

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
}

/// A format of one byte per element, decoded by a table of 256 floats.
protocol ByteFloat: RowDecoder {
  static var values: [Float] { get }
}

extension ByteFloat {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    let table = Self.values
    for index in 0..<bytes.byteCount {
      let pattern = Int(bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self))
      values.storeBytes(of: table[pattern], toByteOffset: index * 4, as: Float.self)
    }
  }
}

enum F8_E4M3: ByteFloat {
  static let values = Minifloat(exponentBitCount: 4, fractionBitCount: 3, bias: 7, specials: .onlyAllOnes).values
}

enum F8_E5M2: ByteFloat {
  static let values = Minifloat(exponentBitCount: 5, fractionBitCount: 2, bias: 15, specials: .ieee).values
}

enum F8_E4M3FNUZ: ByteFloat {
  static let values = Minifloat(exponentBitCount: 4, fractionBitCount: 3, bias: 8, specials: .onlyNegativeZero).values
}

enum F8_E5M2FNUZ: ByteFloat {
  static let values = Minifloat(exponentBitCount: 5, fractionBitCount: 2, bias: 16, specials: .onlyNegativeZero).values
}

/// An exponent only: 2^(pattern − 127), and NaN for 255.
enum F8_E8M0: ByteFloat {
  static let values = (0..<256).map { pattern in
    pattern == 255 ? Float.nan : Float(sign: .plus, exponent: pattern - 127, significand: 1)
  }
}

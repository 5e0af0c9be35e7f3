import Tensors

/// The float format of the codes of a matrix: four or eight bits.
enum FloatCode: String, Sendable {
  case e4m3 = "E4M3"
  case e5m2 = "E5M2"
  case e4m3fnuz = "E4M3FNUZ"
  case e5m2fnuz = "E5M2FNUZ"
  case e2m1 = "E2M1"

  /// The code of tensors in `format`; nil for other formats.
  init?(_ format: StorageFormat?) {
    switch format {
    case .f8_e4m3: self = .e4m3
    case .f8_e5m2: self = .e5m2
    case .f8_e4m3fnuz: self = .e4m3fnuz
    case .f8_e5m2fnuz: self = .e5m2fnuz
    case .f4: self = .e2m1
    default: return nil
    }
  }

  /// The formats of single values that may be exact, the smallest first.
  static let scalarFormats: [StorageFormat] = [.bf16, .f16, .f32]

  var layout: Minifloat {
    switch self {
    case .e4m3: .e4m3
    case .e5m2: .e5m2
    case .e4m3fnuz: .e4m3fnuz
    case .e5m2fnuz: .e5m2fnuz
    case .e2m1: .e2m1
    }
  }

  /// The values of all codes, in order.
  var values: [Float] {
    switch self {
    case .e4m3: Self.e4m3Values
    case .e5m2: Self.e5m2Values
    case .e4m3fnuz: Self.e4m3fnuzValues
    case .e5m2fnuz: Self.e5m2fnuzValues
    case .e2m1: Self.e2m1Values
    }
  }

  private static let e4m3Values = Minifloat.e4m3.values
  private static let e5m2Values = Minifloat.e5m2.values
  private static let e4m3fnuzValues = Minifloat.e4m3fnuz.values
  private static let e5m2fnuzValues = Minifloat.e5m2fnuz.values
  private static let e2m1Values = Minifloat.e2m1.values
}

// MARK: - Exactness

extension FloatCode {
  /// Whether `format`, BF16 or F16, has the product of `scale` and each value of the code.
  ///
  /// The significand of a product has at most the bits of `odd part of the scale's × greatest of the code's`, and its lowest
  /// bit is worth at least that of the scale times that of the code's smallest value.
  func isExact(times scale: Float, in format: StorageFormat) -> Bool {
    let limits: (significandBitCount: Int, leastExponent: Int, greatest: Double)
    switch format {
    case .f32: return true
    case .bf16: limits = (8, -133, 0x1.FEp127)
    case .f16: limits = (11, -24, 65504)
    default: return false
    }
    guard scale.isFinite else { return false }
    guard scale != 0 else { return true }
    let layout = layout, fractionBitCount = scale.significandWidth
    let oddPart = Int(scale.significand * Float(1 << fractionBitCount))
    let greatestSignificand = (2 << layout.fractionBitCount) - 1
    return oddPart * greatestSignificand < 1 << limits.significandBitCount
      && Int(scale.exponent) - fractionBitCount + layout.leastExponent >= limits.leastExponent
      && Double(scale.magnitude) * Double(greatestValue) <= limits.greatest
  }

  private var greatestValue: Float {
    switch self {
    case .e4m3: 448
    case .e5m2, .e5m2fnuz: 57344
    case .e4m3fnuz: 240
    case .e2m1: 6
    }
  }
}

// MARK: - Decoding

extension FloatCode {
  /// Stores `code · factor` for `count` codes of a byte each, eight at a time where that is faster than a table.
  func decode(
    _ codes: RawSpan, at source: Int, count: Int, by factor: Float, into values: inout MutableRawSpan,
    at destination: Int
  ) {
    var index = 0
    if self == .e4m3 {
      let factors = SIMD8<Float>(repeating: factor)
      while index &+ 8 <= count {
        let eight = codes.unsafeLoadUnaligned(fromByteOffset: source &+ index, as: SIMD8<UInt8>.self)
        values.storeBytes(
          of: Self.e4m3(eight) * factors, toByteOffset: destination &+ index &* 4, as: SIMD8<Float>.self)
        index &+= 8
      }
    }
    guard index < count else { return }
    let table = self.values
    while index < count {
      let code = codes.unsafeLoadUnaligned(fromByteOffset: source &+ index, as: UInt8.self)
      values.storeBytes(of: table[Int(code)] * factor, toByteOffset: destination &+ index &* 4, as: Float.self)
      index &+= 1
    }
  }

  /// Stores `code · factor` for `count` codes of a byte each, with a factor for each.
  func decode(
    _ codes: RawSpan, at source: Int, count: Int, by factors: Span<Float>, into values: inout MutableRawSpan,
    at destination: Int
  ) {
    let table = self.values
    for index in 0..<count {
      let code = codes.unsafeLoadUnaligned(fromByteOffset: source &+ index, as: UInt8.self)
      values.storeBytes(
        of: table[Int(code)] * factors[index], toByteOffset: destination &+ index &* 4, as: Float.self)
    }
  }

  /// The values of eight codes.
  ///
  /// Exponent and fraction move to the places that they have in a float, with the bias 127 for 7. A code below 2⁻⁶ has no
  /// implicit bit: it is read with the exponent of 2⁻⁶ and loses 2⁻⁶.
  @inline(__always)
  static func e4m3(_ codes: SIMD8<UInt8>) -> SIMD8<Float> {
    typealias Words = SIMD8<UInt32>
    let words = Words(truncatingIfNeeded: codes)
    let magnitude = words & Words(repeating: 0x7F)
    let sign = (words & Words(repeating: 0x80)) &<< Words(repeating: 24)
    let isSmall = unsafeBitCast(magnitude, to: SIMD8<Int32>.self) .< SIMD8<Int32>(repeating: 8)
    let bias = Words(repeating: 120 << 23).replacing(with: Words(repeating: 121 << 23), where: isSmall)
    let implicit = SIMD8<Float>.zero.replacing(with: SIMD8<Float>(repeating: 0x1p-6), where: isSmall)
    let value = unsafeBitCast((magnitude &<< Words(repeating: 20)) &+ bias, to: SIMD8<Float>.self) - implicit
    let isNaN = magnitude .== Words(repeating: 0x7F)
    let bits = unsafeBitCast(value, to: Words.self).replacing(with: Words(repeating: 0x7FC0_0000), where: isNaN)
    return unsafeBitCast(bits | sign, to: SIMD8<Float>.self)
  }

  /// The values of eight codes of E2M1 below 16, in the same way.
  @inline(__always)
  static func e2m1(_ codes: SIMD8<UInt8>) -> SIMD8<Float> {
    typealias Words = SIMD8<UInt32>
    let words = Words(truncatingIfNeeded: codes)
    let magnitude = words & Words(repeating: 7)
    let sign = (words & Words(repeating: 8)) &<< Words(repeating: 28)
    let isSmall = unsafeBitCast(magnitude, to: SIMD8<Int32>.self) .< SIMD8<Int32>(repeating: 2)
    let bias = Words(repeating: 126 << 23).replacing(with: Words(repeating: 127 << 23), where: isSmall)
    let implicit = SIMD8<Float>.zero.replacing(with: SIMD8<Float>(repeating: 1), where: isSmall)
    let value = unsafeBitCast((magnitude &<< Words(repeating: 22)) &+ bias, to: SIMD8<Float>.self) - implicit
    return unsafeBitCast(unsafeBitCast(value, to: Words.self) | sign, to: SIMD8<Float>.self)
  }
}

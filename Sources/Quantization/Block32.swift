/// The 32 elements of a small block in vectors, and what its encoders ask of them.
struct Block32 {
  let first: Floats, second: Floats, third: Floats, fourth: Floats

  @inline(__always)
  init(_ values: RawSpan, at offset: Int) {
    first = values.floats(at: offset)
    second = values.floats(at: offset &+ 32)
    third = values.floats(at: offset &+ 64)
    fourth = values.floats(at: offset &+ 96)
  }

  /// The bits of the greatest magnitude, as a whole number: these order as magnitudes do, with infinity (`0x7F80_0000`) and NaN
  /// above all numbers.
  @inline(__always)
  var greatestMagnitudeBits: Int32 {
    let greatest = Self.greater(
      Self.greater(Self.magnitude(first), Self.magnitude(second)),
      Self.greater(Self.magnitude(third), Self.magnitude(fourth)))
    let low = greatest.lowHalf, high = greatest.highHalf
    let four = low.replacing(with: high, where: high .> low)
    let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
    return two[1] > two[0] ? two[1] : two[0]
  }

  /// The first element of the greatest magnitude, with its sign, or +0 in a block of zeros; nil if some element is not finite.
  @inline(__always)
  var firstOfGreatestMagnitude: Float? {
    let bits = greatestMagnitudeBits
    guard bits < 0x7F80_0000 else { return nil }
    let magnitude = Float(bitPattern: UInt32(bitPattern: bits))
    let hasPositive = contains(magnitude)
    let hasNegative = contains(-magnitude)
    if hasPositive && hasNegative { return bits == 0 ? 0 : firstOfMagnitude(magnitude) }
    return hasNegative ? -magnitude : magnitude
  }

  /// The least and the greatest element; nil if some element is not finite.
  ///
  /// Zero has the sign of the block's first zero, as in a search that keeps what it has until it finds better.
  @inline(__always)
  var range: (least: Float, greatest: Float)? {
    // x − x is 0, but NaN for infinities and NaN.
    let zeros = (first - first) + (second - second) + (third - third) + (fourth - fourth)
    guard all(zeros .== zeros) else { return nil }
    let greatest = Self.greater(Self.greater(first, second), Self.greater(third, fourth)).greatest
    let least = -Self.greater(Self.greater(-first, -second), Self.greater(-third, -fourth)).greatest
    guard least == 0 else { return (least, greatest) }
    return (firstOfMagnitude(0), greatest)
  }

  /// (element − `least`) · `inverse` + 0.5 without its fraction: of elements 0…15, and 16…31.
  @inline(__always)
  func quants(above least: Float, inverse: Float) -> (SIMD16<UInt8>, SIMD16<UInt8>) {
    let base = Floats(repeating: least)
    let factor = Floats(repeating: inverse)
    let half = Floats(repeating: 0.5)
    return (
      lowBytes(((first - base) * factor + half).truncated, ((second - base) * factor + half).truncated),
      lowBytes(((third - base) * factor + half).truncated, ((fourth - base) * factor + half).truncated)
    )
  }

  @inline(__always)
  private func contains(_ value: Float) -> Bool {
    let wanted = Floats(repeating: value)
    return any((first .== wanted) .| (second .== wanted) .| (third .== wanted) .| (fourth .== wanted))
  }

  @inline(never)
  private func firstOfMagnitude(_ magnitude: Float) -> Float {
    for vector in [first, second, third, fourth] {
      for lane in 0..<8 where abs(vector[lane]) == magnitude { return vector[lane] }
    }
    return magnitude
  }

  @inline(__always)
  private static func magnitude(_ values: Floats) -> SIMD8<Int32> {
    unsafeBitCast(values.words & Words(repeating: 0x7FFF_FFFF), to: SIMD8<Int32>.self)
  }

  @inline(__always)
  private static func greater(_ left: SIMD8<Int32>, _ right: SIMD8<Int32>) -> SIMD8<Int32> {
    left.replacing(with: right, where: right .> left)
  }

  @inline(__always)
  private static func greater(_ left: Floats, _ right: Floats) -> Floats {
    left.replacing(with: right, where: right .> left)
  }
}

// Whole numbers from floats without a conversion instruction, which Swift's vectors lack in the portable build: a float to
// which 1.5 · 2²³ is added has no room for a fraction, so the sum is rounded to nearest, ties to even, and its low bits
// are the number. Valid below 2²².

private let roundingShift: Float = 12_582_912

extension SIMD8 where Scalar == Float {
  /// The low byte of each lane holds the lane rounded to nearest, half away from zero, in two's complement.
  ///
  /// Magnitudes must be below 2²².
  @inline(__always)
  var roundedHalfAway: Words {
    let shift = Floats(repeating: roundingShift)
    let magnitude = Floats(bits: words & Words(repeating: 0x7FFF_FFFF))
    let shifted = magnitude + shift
    // An exact half that went down to the even number goes up instead.
    let wentDown = (magnitude - (shifted - shift)) .== Floats(repeating: 0.5)
    let number = shifted.words &+ Words.zero.replacing(with: Words(repeating: 1), where: wentDown)
    let sign = unsafeBitCast(unsafeBitCast(self, to: SIMD8<Int32>.self) &>> SIMD8<Int32>(repeating: 31), to: Words.self)
    return (number ^ sign) &- sign
  }

  /// The low bits of each lane hold the lane without its fraction. Lanes must be from 0 to below 2²².
  @inline(__always)
  var truncated: Words {
    let shift = Floats(repeating: roundingShift)
    let shifted = self + shift
    let wentUp = (shifted - shift) .> self
    return shifted.words &- Words.zero.replacing(with: Words(repeating: 1), where: wentUp)
  }
}

/// The low bytes of sixteen words.
@inline(__always)
func lowBytes(_ low: Words, _ high: Words) -> SIMD16<UInt8> {
  SIMD16<UInt8>(
    lowHalf: SIMD8<UInt8>(truncatingIfNeeded: low), highHalf: SIMD8<UInt8>(truncatingIfNeeded: high))
}

/// The 32 elements of a block in vectors, and their quants.
struct Block32 {
  let first: Floats, second: Floats, third: Floats, fourth: Floats

  @inline(__always)
  init(_ values: RawSpan, at offset: Int) {
    first = values.floats(at: offset)
    second = values.floats(at: offset &+ 32)
    third = values.floats(at: offset &+ 64)
    fourth = values.floats(at: offset &+ 96)
  }

  /// Quants element · `factor` + `added`, truncated: elements 0…15, then 16…31.
  @inline(__always)
  func quants(times factor: Float, plus added: Float) -> (SIMD16<UInt8>, SIMD16<UInt8>) {
    let factor = Floats(repeating: factor)
    let added = Floats(repeating: added)
    return (
      lowBytes((first * factor + added).truncated, (second * factor + added).truncated),
      lowBytes((third * factor + added).truncated, (fourth * factor + added).truncated)
    )
  }

  /// Quants (element − `least`) · `factor` + 0.5, truncated: elements 0…15, then 16…31.
  @inline(__always)
  func quants(above least: Float, times factor: Float) -> (SIMD16<UInt8>, SIMD16<UInt8>) {
    let least = Floats(repeating: least)
    let factor = Floats(repeating: factor)
    let half = Floats(repeating: 0.5)
    return (
      lowBytes(((first - least) * factor + half).truncated, ((second - least) * factor + half).truncated),
      lowBytes(((third - least) * factor + half).truncated, ((fourth - least) * factor + half).truncated)
    )
  }

  /// The first element of this magnitude; one must exist.
  @inline(never)
  func first(ofMagnitude magnitude: Float) -> Float {
    for lane in 0..<8 where abs(first[lane]) == magnitude { return first[lane] }
    for lane in 0..<8 where abs(second[lane]) == magnitude { return second[lane] }
    for lane in 0..<8 where abs(third[lane]) == magnitude { return third[lane] }
    for lane in 0..<8 where abs(fourth[lane]) == magnitude { return fourth[lane] }
    return magnitude
  }
}

// Integers from floats without a conversion instruction, which Swift's vectors lack in the portable build. A float plus
// 1.5 · 2²³ has no bits for a fraction: the sum is rounded to nearest, ties to even, and its low bits are the integer.
// Valid below 2²².

extension SIMD8 where Scalar == Float {
  /// The low byte of each lane is the lane rounded to nearest, half away from zero, in two's complement.
  ///
  /// Magnitudes must be below 2²².
  @inline(__always)
  var roundedHalfAway: Words {
    let shift = Floats(repeating: roundingShift)
    let magnitude = magnitude
    let shifted = magnitude + shift
    // Ties to even rounded an exact half down; round it up instead.
    let wentDown = (magnitude - (shifted - shift)) .== Floats(repeating: 0.5)
    let number = shifted.words &+ Words.zero.choosing(Words(repeating: 1), where: wentDown)
    let sign = unsafeBitCast(unsafeBitCast(self, to: SIMD8<Int32>.self) &>> SIMD8<Int32>(repeating: 31), to: Words.self)
    return (number ^ sign) &- sign
  }

  /// The low bits of each lane are the lane, truncated.
  ///
  /// Lanes must be from 0 to below 2²².
  @inline(__always)
  var truncated: Words {
    let shift = Floats(repeating: roundingShift)
    let shifted = self + shift
    let wentUp = (shifted - shift) .> self
    return shifted.words &- Words.zero.choosing(Words(repeating: 1), where: wentUp)
  }
}

/// The low bytes of sixteen 32-bit words.
@inline(__always)
func lowBytes(_ low: Words, _ high: Words) -> SIMD16<UInt8> {
  SIMD16<UInt8>(
    lowHalf: SIMD8<UInt8>(truncatingIfNeeded: low), highHalf: SIMD8<UInt8>(truncatingIfNeeded: high))
}

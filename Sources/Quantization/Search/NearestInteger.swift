// Rounding to the nearest integer, ties to even, by adding 1.5 · 2²³: the sum has no bits for a fraction, and its low
// 23 bits are the integer plus 2²². Beyond ±2²², and for infinities and NaN, ggml's `nearest_int` still computes its
// result from these bits, so they are part of the formats' definition.

let roundingShift: Float = 12_582_912

/// The integer that ggml rounds `value` to, for every float.
func nearestInteger(_ value: Float) -> Int {
  Int((value + roundingShift).bitPattern & 0x007F_FFFF) - 0x0040_0000
}

extension Int {
  func clamped(_ least: Int, _ greatest: Int) -> Int { self < least ? least : self > greatest ? greatest : self }
}

extension SIMD8 where Scalar == Float {
  /// `nearestInteger` of each lane.
  @inline(__always)
  var nearest: Floats {
    // Below the exponent of 2²³ the bits are the fraction of 2²³ + integer + 2²².
    let bits = (self + Floats(repeating: roundingShift)).words & Words(repeating: 0x007F_FFFF)
    return Floats(bits: bits | Words(repeating: 0x4B00_0000)) - Floats(repeating: roundingShift)
  }

  /// The lanes as integers; they must be integers from 0 to below 2²².
  @inline(__always)
  var wholeWords: Words { (self + Floats(repeating: roundingShift)).words & Words(repeating: 0x003F_FFFF) }
}

extension SIMDMask where Storage == SIMD8<Int32> {
  /// Whether any lane is set: `any` without a call.
  @inline(__always)
  var isAnySet: Bool {
    let pairs = unsafeBitCast(self, to: SIMD4<UInt64>.self)
    let two = pairs.lowHalf | pairs.highHalf
    return two[0] | two[1] != 0
  }

  /// Whether all lanes are set: `all` without a call, before which every sum in a register is stored.
  @inline(__always)
  var isSetEverywhere: Bool {
    let pairs = unsafeBitCast(self, to: SIMD4<UInt64>.self)
    let two = pairs.lowHalf & pairs.highHalf
    return two[0] & two[1] == .max
  }
}

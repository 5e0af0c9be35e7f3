// What the plain definitions of block formats share.

/// The float cut to a whole number as the `cvttss2si` instruction does it, on which ggml's casts rest: what does not fit
/// in 32 bits, and NaN, becomes `Int32.min`, whose low byte is 0.
func truncatedAsX86(_ value: Float) -> Int32 {
  guard value >= -0x1p31, value < 0x1p31 else { return .min }
  return Int32(value)
}

/// 1 / value, and 0 for 0: the inverse scale of a block.
func inverseOrZero(_ value: Float) -> Float { value == 0 ? 0 : 1 / value }

extension [UInt8] {
  /// The half in two bytes at `offset`.
  func half(at offset: Int) -> Float {
    Float(halfBits: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8)
  }

  /// The 32 bits in four bytes at `offset`.
  func word(at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << UInt32(8 * $1) }
  }
}

extension Float {
  /// The two bytes of the nearest half.
  var halfBytes: [UInt8] { [UInt8(truncatingIfNeeded: halfBits), UInt8(truncatingIfNeeded: halfBits >> 8)] }
}

/// The element whose magnitude no other exceeds, the first of several; 0 for a block of zeros.
func firstOfGreatestMagnitude(_ values: [Float]) -> Float {
  values.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
}

/// The least and the greatest element, the first of several that are equal (which matters for the sign of zero).
func firstLeastAndGreatest(_ values: [Float]) -> (least: Float, greatest: Float) {
  values.reduce((.greatestFiniteMagnitude, -.greatestFiniteMagnitude)) { range, value in
    (value < range.0 ? value : range.0, value > range.1 ? value : range.1)
  }
}

// Arithmetic that the scalar implementations of block formats share.

/// The float truncated as by the `cvttss2si` instruction, which ggml's casts depend on: NaN and values outside 32 bits
/// become `Int32.min`, whose low byte is 0.
func truncatedAsX86(_ value: Float) -> Int32 {
  guard value >= -0x1p31, value < 0x1p31 else { return .min }
  return Int32(value)
}

/// 1 / value, and 0 for 0: the inverse scale of a block.
func inverseOrZero(_ value: Float) -> Float { value == 0 ? 0 : 1 / value }

extension [UInt8] {
  /// The half at byte `offset`.
  func half(at offset: Int) -> Float {
    Float(halfBits: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8)
  }

  /// The 32-bit word at byte `offset`.
  func word(at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << UInt32(8 * $1) }
  }
}

extension Float {
  /// The bytes of the nearest half.
  var halfBytes: [UInt8] { [UInt8(truncatingIfNeeded: halfBits), UInt8(truncatingIfNeeded: halfBits >> 8)] }
}

/// The first element of maximum magnitude; 0 for a block of zeros.
func firstOfGreatestMagnitude(_ values: [Float]) -> Float {
  values.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
}

/// Minimum and maximum, the first of several equal elements (which matters for the sign of zero).
func firstLeastAndGreatest(_ values: [Float]) -> (least: Float, greatest: Float) {
  values.reduce((.greatestFiniteMagnitude, -.greatestFiniteMagnitude)) { range, value in
    (value < range.0 ? value : range.0, value > range.1 ? value : range.1)
  }
}

extension Float {
  /// The nearest number of F16, ties to even, as its bits.
  var f16Bits: UInt16 {
    let sign = UInt16(bitPattern >> 16) & 0x8000
    guard magnitude < 65520 else { return sign | (isNaN ? 0x7E00 : 0x7C00) }
    // Below 2⁻¹⁴ in steps of 2⁻²⁴: the sum with 2²³ is rounded to an integer.
    guard magnitude >= 0x1p-14 else { return sign | UInt16(magnitude * 0x1p24 + 0x1p23 - 0x1p23) }
    let rounded = (magnitude.bitPattern &+ 0xFFF &+ (bitPattern >> 13 & 1)) >> 13
    return sign | UInt16(truncatingIfNeeded: rounded &- 112 << 10)
  }

  /// Whether it is a finite number of F16.
  var isExactInF16: Bool {
    guard magnitude <= 65504 else { return false }
    guard magnitude < 0x1p-14 else { return bitPattern & 0x1FFF == 0 }
    let steps = magnitude * 0x1p24
    return steps == steps.rounded(.towardZero)
  }
}

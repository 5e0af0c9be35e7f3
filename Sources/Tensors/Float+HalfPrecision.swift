// IEEE binary16 ("half") by integer arithmetic, exact for every bit pattern, since not every machine has the type and
// its conversions are library calls on those that lack the instruction.
//
//    15 ┊ sign │ 14…10 ┊ exponent, biased by 15 │ 9…0 ┊ fraction

extension Float {
  /// The value of a half's bits.
  ///
  /// Exponent and fraction are shifted to those of a float. Adding 224 = 239 − 15 moves the exponent to the top of the
  /// range, where a half's infinity (31) becomes a float's (255); multiplying by 2⁻¹¹² restores finite values exactly.
  /// Subnormal halves become the fraction of a float in [½, 1), minus ½.
  @inlinable @inline(__always)
  public init(halfBits: UInt16) {
    let magnitude = UInt32(halfBits & 0x7FFF)
    let sign = UInt32(halfBits & 0x8000) << 16
    let value =
      magnitude < 0x0400
      ? Float(bitPattern: magnitude | 0x3F00_0000) - 0.5
      : Float(bitPattern: (magnitude << 13) &+ 0x7000_0000) * 0x1p-112
    self = Float(bitPattern: value.bitPattern | sign)
  }

  /// The bits of the nearest half, ties to even; infinity from 65,520 on.
  ///
  /// A NaN keeps its sign and upper fraction, or gets the fraction 1 if that is zero, as in NumPy and therefore in the
  /// gguf package; PyTorch and ggml also make it quiet.
  @inlinable @inline(__always)
  public var halfBits: UInt16 {
    let sign = UInt16(truncatingIfNeeded: (bitPattern >> 16) & 0x8000)
    let magnitude = bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 {
      let fraction = UInt16(truncatingIfNeeded: (magnitude >> 13) & 0x3FF)
      return sign | 0x7C00 | (fraction == 0 ? 1 : fraction)
    }
    // 65,536 and more; 65,520…65,536 round up to infinity in the normal case.
    if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
    // Below 2⁻¹⁴ a half is subnormal, in steps of 2⁻²⁴: the steps of floats in [½, 1), so adding ½ rounds.
    if magnitude < 0x3880_0000 {
      let rounded = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
      return sign | UInt16(truncatingIfNeeded: rounded)
    }
    // 13 bits are dropped; the exponent's bias falls from 127 to 15, by 112 << 23 = 0x3800_0000.
    let rounded = magnitude &- 0x3800_0000 &+ 0x0FFF &+ ((magnitude >> 13) & 1)
    return sign | UInt16(truncatingIfNeeded: rounded >> 13)
  }

  /// Whether it is the value of a finite half.
  @inlinable
  public var isExactHalf: Bool {
    guard magnitude <= 65504 else { return false }
    guard magnitude < 0x1p-14 else { return bitPattern & 0x1FFF == 0 }
    let steps = magnitude * 0x1p24
    return steps == steps.rounded(.towardZero)
  }
}

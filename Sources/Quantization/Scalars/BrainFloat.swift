// BF16 ("brain float"): the upper half of a float.
//
//    15 ┊ sign │ 14…7 ┊ exponent, biased by 127 │ 6…0 ┊ fraction

extension Float {
  /// The value of a brain float's bits.
  @inline(__always)
  init(brainFloatBits: UInt16) { self.init(bitPattern: UInt32(brainFloatBits) << 16) }

  /// The bits of the nearest brain float, ties to even.
  ///
  /// A NaN keeps its sign and upper fraction and becomes quiet, as in ggml (`ggml_compute_fp32_to_bf16`); PyTorch
  /// gives 0x7FC0 for all of them.
  @inline(__always)
  var brainFloatBits: UInt16 {
    if bitPattern & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x40 }
    let rounded = bitPattern &+ 0x7FFF &+ ((bitPattern >> 16) & 1)
    return UInt16(truncatingIfNeeded: rounded >> 16)
  }
}

extension SIMD8 where Scalar == Float {
  /// The values of the bits of eight brain floats.
  @inline(__always)
  init(brainFloatBits: SIMD8<UInt16>) {
    self.init(bits: Words(truncatingIfNeeded: brainFloatBits) &<< Words(repeating: 16))
  }

  /// The bits of the nearest brain floats, as in `Float.brainFloatBits`.
  @inline(__always)
  var brainFloatBits: SIMD8<UInt16> {
    let upper = words &>> Words(repeating: 16)
    var bits = (words &+ Words(repeating: 0x7FFF) &+ (upper & Words(repeating: 1))) &>> Words(repeating: 16)
    bits.replace(with: upper | Words(repeating: 0x40), where: magnitude.words .> Words(repeating: 0x7F80_0000))
    return SIMD8<UInt16>(truncatingIfNeeded: bits)
  }
}

// BF16: the upper half of a float, two bytes to an element.
//
//    15 ┊ sign │ 14…7 ┊ exponent, biased by 127 │ 6…0 ┊ fraction

extension Float {
  /// The number that the bits of a brain float stand for.
  init(brainFloatBits: UInt16) { self.init(bitPattern: UInt32(brainFloatBits) << 16) }

  /// The bits of the nearest brain float, ties to even.
  ///
  /// A NaN keeps its sign and upper fraction and becomes quiet, as in ggml (`ggml_compute_fp32_to_bf16`); PyTorch
  /// gives 0x7FC0 for all of them.
  var brainFloatBits: UInt16 {
    if bitPattern & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x40 }
    let rounded = bitPattern &+ 0x7FFF &+ ((bitPattern >> 16) & 1)
    return UInt16(truncatingIfNeeded: rounded >> 16)
  }
}

enum BrainFloat16: RowDecoder, RowEncoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    for index in 0..<bytes.byteCount / 2 {
      let bits = bytes.unsafeLoadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
      values.storeBytes(of: Float(brainFloatBits: UInt16(littleEndian: bits)), toByteOffset: index * 4, as: Float.self)
    }
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan) -> Int? {
    for index in 0..<values.byteCount / 4 {
      let value = values.unsafeLoadUnaligned(fromByteOffset: index * 4, as: Float.self)
      bytes.storeBytes(of: value.brainFloatBits.littleEndian, toByteOffset: index * 2, as: UInt16.self)
    }
    return nil
  }
}

import Tensors

// IEEE binary16: 15 ┊ sign │ 14…10 ┊ exponent, biased by 15 │ 9…0 ┊ fraction

extension LegacyGGML.Block.ScaleFormat {
  /// The number at `offset`.
  @inline(__always)
  func value(_ bytes: RawSpan, at offset: Int) -> Float {
    switch self {
    case .float:
      Float(bitPattern: UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    case .half:
      Float(exactHalf: UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }
  }

  /// The bits of the number at `offset` as a half; nil if no half has its value.
  @inline(__always)
  func halfBits(_ bytes: RawSpan, at offset: Int) -> UInt16? {
    switch self {
    case .float: value(bytes, at: offset).exactHalfBits
    case .half: UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
  }
}

extension Float {
  /// The value of a half.
  @inline(__always)
  fileprivate init(exactHalf bits: UInt16) {
    let fraction = UInt32(bits & 0x3FF), exponent = UInt32(bits >> 10 & 0x1F)
    let magnitude: Float =
      switch exponent {
      case 0: Float(fraction) * 0x1p-24
      case 31: Float(bitPattern: 0x7F80_0000 | fraction << 13)
      default: Float(bitPattern: (exponent &+ 112) << 23 | fraction << 13)
      }
    self = Float(bitPattern: magnitude.bitPattern | UInt32(bits & 0x8000) << 16)
  }

  /// The bits of the half with this value; nil if there is none, or this is not finite.
  @inline(__always)
  fileprivate var exactHalfBits: UInt16? {
    let sign = UInt16(truncatingIfNeeded: bitPattern >> 16 & 0x8000)
    let size = magnitude
    guard size <= 65504 else { return nil }
    if size < 0x1p-14 {
      let steps = size * 0x1p24
      guard let fraction = UInt16(exactly: steps) else { return nil }
      return sign | fraction
    }
    guard size.bitPattern & 0x1FFF == 0 else { return nil }
    return sign | UInt16(truncatingIfNeeded: size.bitPattern >> 13 &- 112 << 10)
  }
}

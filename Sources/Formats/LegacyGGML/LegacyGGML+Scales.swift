import Tensors

extension LegacyGGML.Block.ScaleFormat {
  /// The number at `offset`.
  @inline(__always)
  func value(_ bytes: RawSpan, at offset: Int) -> Float {
    switch self {
    case .float:
      Float(bitPattern: UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    case .half:
      Float(halfBits: UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }
  }

  /// The bits of the number at `offset` as a half; nil if no half has its value.
  @inline(__always)
  func halfBits(_ bytes: RawSpan, at offset: Int) -> UInt16? {
    switch self {
    case .float:
      let value = value(bytes, at: offset)
      return value.isExactHalf ? value.halfBits : nil
    case .half: return UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
  }
}

// F16: IEEE binary16, two bytes to an element (see HalfPrecision.swift).

enum Binary16: RowDecoder, RowEncoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    for index in 0..<bytes.byteCount / 2 {
      let bits = bytes.unsafeLoadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
      values.storeBytes(of: Float(halfBits: UInt16(littleEndian: bits)), toByteOffset: index * 4, as: Float.self)
    }
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan) -> Int? {
    for index in 0..<values.byteCount / 4 {
      let value = values.unsafeLoadUnaligned(fromByteOffset: index * 4, as: Float.self)
      bytes.storeBytes(of: value.halfBits.littleEndian, toByteOffset: index * 2, as: UInt16.self)
    }
    return nil
  }
}

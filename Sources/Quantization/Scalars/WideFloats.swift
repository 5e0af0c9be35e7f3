// F32 and F64, four and eight bytes to an element.

enum Binary32: RowDecoder, RowEncoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    copyFloats(bytes, into: &values)
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan) -> Int? {
    copyFloats(values, into: &bytes)
    return nil
  }

  private static func copyFloats(_ source: RawSpan, into destination: inout MutableRawSpan) {
    for offset in stride(from: 0, to: source.byteCount, by: 4) {
      let bits = source.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
      destination.storeBytes(of: UInt32(littleEndian: bits), toByteOffset: offset, as: UInt32.self)
    }
  }
}

enum Binary64: RowDecoder, RowEncoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    for index in 0..<bytes.byteCount / 8 {
      let bits = bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
      let value = Float(Double(bitPattern: UInt64(littleEndian: bits)))
      values.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
    }
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan) -> Int? {
    for index in 0..<values.byteCount / 4 {
      let value = Double(values.unsafeLoadUnaligned(fromByteOffset: index * 4, as: Float.self))
      bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: index * 8, as: UInt64.self)
    }
    return nil
  }
}

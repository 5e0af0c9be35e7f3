// F32 and F64, four and eight bytes per element.

enum Binary32: RowDecoder, RowEncoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    copyFloats(bytes, into: &values, at: 0)
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    copyFloats(values, into: &bytes, at: start)
    return nil
  }

  private static func copyFloats(_ source: RawSpan, into destination: inout MutableRawSpan, at start: Int) {
    var offset = 0
    while offset <= source.byteCount - 32 {
      destination.store(source.floats(at: offset), at: start &+ offset)
      offset &+= 32
    }
    while offset < source.byteCount {
      destination.store(source.word(at: offset), at: start &+ offset)
      offset &+= floatByteCount
    }
  }
}

enum Binary64: RowDecoder, RowEncoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    for index in 0..<bytes.byteCount / 8 {
      let value = bytes.unsafeLoadUnaligned(fromByteOffset: index &* 8, as: Double.self)
      values.store(Float(value), at: index &* floatByteCount)
    }
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    for index in 0..<values.byteCount / floatByteCount {
      bytes.store(Double(values.float(at: index &* floatByteCount)), at: start &+ index &* 8)
    }
    return nil
  }
}

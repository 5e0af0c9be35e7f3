// F16 and BF16, two bytes per element: rows of them, eight at a time and the rest one by one.

/// An element type of 16 bits that floats are rounded to.
protocol SixteenBitFloat: RowDecoder, RowEncoder {
  static func value(_ bits: UInt16) -> Float
  static func values(_ bits: SIMD8<UInt16>) -> Floats
  static func bits(_ value: Float) -> UInt16
  static func bits(_ values: Floats) -> SIMD8<UInt16>
}

extension SixteenBitFloat {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    let count = bytes.byteCount / 2
    var index = 0
    while index <= count - 8 {
      let eight = bytes.unsafeLoadUnaligned(fromByteOffset: index &* 2, as: SIMD8<UInt16>.self)
      values.store(Self.values(eight), at: index &* floatByteCount)
      index &+= 8
    }
    while index < count {
      values.store(
        value(bytes.unsafeLoadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)), at: index &* floatByteCount)
      index &+= 1
    }
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    let count = values.byteCount / floatByteCount
    var index = 0
    while index <= count - 8 {
      bytes.store(bits(values.floats(at: index &* floatByteCount)), at: start &+ index &* 2)
      index &+= 8
    }
    while index < count {
      bytes.store(bits(values.float(at: index &* floatByteCount)), at: start &+ index &* 2)
      index &+= 1
    }
    return nil
  }
}

enum Binary16: SixteenBitFloat {
  @inline(__always)
  static func value(_ bits: UInt16) -> Float { Float(halfBits: bits) }
  @inline(__always)
  static func values(_ bits: SIMD8<UInt16>) -> Floats { Floats(halfBits: bits) }
  @inline(__always)
  static func bits(_ value: Float) -> UInt16 { value.halfBits }
  @inline(__always)
  static func bits(_ values: Floats) -> SIMD8<UInt16> { values.halfBits }
}

enum BrainFloat16: SixteenBitFloat {
  @inline(__always)
  static func value(_ bits: UInt16) -> Float { Float(brainFloatBits: bits) }
  @inline(__always)
  static func values(_ bits: SIMD8<UInt16>) -> Floats { Floats(brainFloatBits: bits) }
  @inline(__always)
  static func bits(_ value: Float) -> UInt16 { value.brainFloatBits }
  @inline(__always)
  static func bits(_ values: Floats) -> SIMD8<UInt16> { values.brainFloatBits }
}

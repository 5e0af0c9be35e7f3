// Memory access of kernels: whole vectors at byte offsets, each access checked against the span's bounds.
//
// Eight floats are one AVX or two SSE registers. Hosts are little-endian, as the files are.

/// Eight elements.
typealias Floats = SIMD8<Float>
/// The bits of eight elements, or eight integers.
typealias Words = SIMD8<UInt32>

extension RawSpan {
  @inline(__always)
  func byte(at offset: Int) -> UInt8 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self) }

  @inline(__always)
  func half(at offset: Int) -> Float {
    Float(halfBits: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  func word(at offset: Int) -> UInt32 { unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self) }

  @inline(__always)
  func float(at offset: Int) -> Float { unsafeLoadUnaligned(fromByteOffset: offset, as: Float.self) }

  @inline(__always)
  func floats(at offset: Int) -> Floats { unsafeLoadUnaligned(fromByteOffset: offset, as: Floats.self) }

  @inline(__always)
  func fourFloats(at offset: Int) -> SIMD4<Float> { unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD4<Float>.self) }

  @inline(__always)
  func bytes8(at offset: Int) -> SIMD8<UInt8> { unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD8<UInt8>.self) }

  @inline(__always)
  func bytes16(at offset: Int) -> SIMD16<UInt8> {
    unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
  }
}

extension MutableRawSpan {
  @inline(__always)
  mutating func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int) {
    storeBytes(of: value, toByteOffset: offset, as: Value.self)
  }

  /// Stores sixteen floats: (each of `quants` − `zero`) · `scale`.
  ///
  /// Converting unsigned bytes to floats takes half the instructions of signed ones, and the difference is exact.
  @inline(__always)
  mutating func storeScaled(_ quants: SIMD16<UInt8>, minus zero: Float, by scale: Float, at offset: Int) {
    let zero = Floats(repeating: zero)
    store((Floats(quants.lowHalf) - zero) * Floats(repeating: scale), at: offset)
    store((Floats(quants.highHalf) - zero) * Floats(repeating: scale), at: offset + 32)
  }

  /// Stores sixteen floats: `scale` · each of `quants` + `offsetValue`, the product rounded before the addition.
  @inline(__always)
  mutating func storeScaled(_ quants: SIMD16<UInt8>, by scale: Float, plus added: Float, at offset: Int) {
    store(Floats(quants.lowHalf) * Floats(repeating: scale) + Floats(repeating: added), at: offset)
    store(Floats(quants.highHalf) * Floats(repeating: scale) + Floats(repeating: added), at: offset + 32)
  }
}

extension MutableRawSpan {
  /// Stores eight floats: (q − 1) · `scale`, where q are the two bits of each integer that begin with the bit `unit`.
  ///
  /// The bits are not shifted: they mean q · unit, and products with powers of two are exact.
  @inline(__always)
  mutating func storeTwoBits(_ quants: SIMD8<Int32>, of unit: Int32, by scale: Float, at offset: Int) {
    let numbers = Floats(quants & SIMD8<Int32>(repeating: 3 &* unit))
    store((numbers - Floats(repeating: Float(unit))) * Floats(repeating: scale / Float(unit)), at: offset)
  }
}

extension SIMD8 where Scalar == Float {
  @inline(__always)
  var words: Words { unsafeBitCast(self, to: Words.self) }

  @inline(__always)
  init(bits: Words) { self = unsafeBitCast(bits, to: Floats.self) }

  /// The magnitude of each lane.
  @inline(__always)
  var magnitude: Self { Self(bits: words & Words(repeating: 0x7FFF_FFFF)) }

  /// The maximum of each two lanes; this one's if they are equal.
  @inline(__always)
  func greater(_ other: Self) -> Self { choosing(other, where: other .> self) }

  /// The minimum of each two lanes; this one's if they are equal.
  @inline(__always)
  func lesser(_ other: Self) -> Self { choosing(other, where: other .< self) }

  /// The maximum of the lanes.
  @inline(__always)
  var greatestLane: Float {
    let four = lowHalf.replacing(with: highHalf, where: highHalf .> lowHalf)
    let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
    return two[1] > two[0] ? two[1] : two[0]
  }

  /// The minimum of the lanes.
  @inline(__always)
  var leastLane: Float {
    let four = lowHalf.replacing(with: highHalf, where: highHalf .< lowHalf)
    let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .< four.lowHalf)
    return two[1] < two[0] ? two[1] : two[0]
  }
}

extension SIMD16 where Scalar == UInt8 {
  /// Signed bytes, each increased by 128.
  @inline(__always)
  var raisedBy128: Self { self ^ Self(repeating: 0x80) }

  /// Bits 3…0 of each byte.
  @inline(__always)
  var lowNibbles: Self { self & Self(repeating: 15) }

  /// Bits 7…4 of each byte.
  @inline(__always)
  var highNibbles: Self { self &>> Self(repeating: 4) }

  /// 16 for each set bit, lowest first, otherwise 0: the fifth bits of sixteen quants.
  @inline(__always)
  init(fifthBits bits: UInt16) {
    let places = SIMD16<UInt8>(1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128)
    let spread = Self(
      lowHalf: SIMD8<UInt8>(repeating: UInt8(truncatingIfNeeded: bits)),
      highHalf: SIMD8<UInt8>(repeating: UInt8(truncatingIfNeeded: bits >> 8)))
    self = Self.zero.choosing(Self(repeating: 16), where: (spread & places) .== places)
  }

  /// Bit 4 of each byte, gathered lowest first: the inverse of `init(fifthBits:)`.
  @inline(__always)
  var fifthBits: UInt16 { UInt16(Self.gather(lowHalf)) | UInt16(Self.gather(highHalf)) << 8 }

  // A multiplication moves the lowest bit of byte i to bit 56 + i; no two products overlap below it.
  @inline(__always)
  private static func gather(_ bytes: SIMD8<UInt8>) -> UInt8 {
    let bits = (unsafeBitCast(bytes, to: UInt64.self) >> 4) & 0x0101_0101_0101_0101
    return UInt8(truncatingIfNeeded: (bits &* 0x0102_0408_1020_4080) >> 56)
  }
}

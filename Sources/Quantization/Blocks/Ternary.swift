// Formats of three values per element ("ternary").
//
//   TQ1_0   0 ┊ 32 × 5 trits, 16 × 5 trits │ 48 ┊ 4 × 4 trits │ 52 ┊ scale f16 │ 54                     256 elements
//   TQ2_0   0 ┊ quants 64 bytes │ 64 ┊ scale f16 │ 66                                                   256 elements
//
// w = (q − 1) · scale.  Encoding: scale = max |w|, q = w · (1 / scale) rounded half away from zero, plus 1; an inverse that
// overflows makes all quants 1.
// TQ2_0 has eight groups of 32: group r is bits 2·(r mod 4)+1…2·(r mod 4) of bytes 32·(r div 4)…+31.
// A TQ1_0 byte b is a fraction b / 256 in base three, rounded up: trit n is the integer part of 3 · (3ⁿ · b mod 256) /
// 256. First come the first trits of the 32 bytes, then their second ones, and so on; then those of the 16, then those
// of the 4.
// Same bytes as ggml-quants.c `quantize_row_{tq1_0,tq2_0}_ref`, `dequantize_row_{tq1_0,tq2_0}` (llama.cpp 0c1e57098).

/// The scale of a block and its quants: scalar implementation.
private func ternaryQuants(_ values: [Float]) -> (scale: Float, quants: [Int]) {
  let scale = abs(firstOfGreatestMagnitude(values))
  let inverse = inverseOrZero(scale)
  let quants = values.map { value in
    let rounded = (value * inverse).rounded(.toNearestOrAwayFromZero)
    return rounded.isFinite ? Int(rounded) + 1 : 1
  }
  return (scale, quants)
}

extension SIMD8 where Scalar == Float {
  /// 0, 1 and 2 for lanes that round to −1, 0 and 1, half away from zero.
  @inline(__always)
  var ternarySteps: Words {
    let up = unsafeBitCast(self .>= Floats(repeating: 0.5), to: Words.self)
    let down = unsafeBitCast(self .<= Floats(repeating: -0.5), to: Words.self)
    // A lane's mask is −1 where it is set.
    return Words(repeating: 1) &- up &+ down
  }
}

enum TQ1_0: BlockDecoder, MagnitudeEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 54

    static func encode(_ values: [Float]) -> [UInt8] {
      let (scale, quants) = ternaryQuants(values)
      let parts = [(0, 32, 5), (160, 16, 5), (240, 4, 4)].flatMap { first, byteCount, tritCount in
        (0..<byteCount).map { place in
          let number = (0..<5).reduce(0) { number, trit in
            number * 3 + (trit < tritCount ? quants[first + trit * byteCount + place] : 0)
          }
          return UInt8((number * 256 + 242) / 243)
        }
      }
      return parts + scale.halfBytes
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 52)
      return (trits(block[0..<32], count: 5) + trits(block[32..<48], count: 5) + trits(block[48..<52], count: 4))
        .map { Float($0 - 1) * scale }
    }

    private static func trits(_ bytes: ArraySlice<UInt8>, count: Int) -> [Int] {
      [UInt8(1), 3, 9, 27, 81].prefix(count).flatMap { power in
        bytes.map { Int($0 &* power) * 3 / 256 }
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source &+ 52)
    var first = bytes.bytes16(at: source)
    var second = bytes.bytes16(at: source &+ 16)
    var third = bytes.bytes16(at: source &+ 32)
    for trit in 0..<5 {
      values.storeScaled(first.firstTrits, minus: 1, by: scale, at: destination &+ trit &* 128)
      values.storeScaled(second.firstTrits, minus: 1, by: scale, at: destination &+ trit &* 128 &+ 64)
      values.storeScaled(third.firstTrits, minus: 1, by: scale, at: destination &+ 640 &+ trit &* 64)
      first = first &+ first &+ first
      second = second &+ second &+ second
      third = third &+ third &+ third
    }
    // The last four bytes, with their four trits first, in order.
    let word = bytes.word(at: source &+ 48)
    let one = SIMD4<UInt8>(
      truncatingIfNeeded: SIMD4<UInt32>(word, word &>> 8, word &>> 16, word &>> 24))
    let three = one &+ one &+ one
    let nine = three &+ three &+ three
    let last = SIMD16<UInt8>(
      lowHalf: SIMD8(lowHalf: one, highHalf: three), highHalf: SIMD8(lowHalf: nine, highHalf: nine &+ nine &+ nine))
    values.storeScaled(last.firstTrits, minus: 1, by: scale, at: destination &+ 960)
  }

  @inline(__always)
  static func encodeBlock(
    _ values: RawSpan, at source: Int, scale: Float, factor: Floats, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    for group in 0..<4 {
      let packed = fiveTrits(values, at: source &+ group &* 32, stride: 128, factor)
      bytes.store(packed, at: destination &+ group &* 8)
    }
    for group in 0..<2 {
      let packed = fiveTrits(values, at: source &+ 640 &+ group &* 32, stride: 64, factor)
      bytes.store(packed, at: destination &+ 32 &+ group &* 8)
    }
    // The last sixteen elements are four rows of four trits; the fifth is zero.
    let first = (values.floats(at: source &+ 960) * factor).ternarySteps
    let second = (values.floats(at: source &+ 992) * factor).ternarySteps
    let upper = first.lowHalf &* 3 &+ first.highHalf
    let number = ((upper &* 3 &+ second.lowHalf) &* 3 &+ second.highHalf) &* 3
    let last = Words(lowHalf: number, highHalf: number).fractionBytes
    bytes.store(last.lowHalf, at: destination &+ 48)
    bytes.store(scale.halfBits, at: destination &+ 52)
  }

  /// Eight bytes of five trits each, whose elements are in five rows.
  @inline(__always)
  private static func fiveTrits(_ values: RawSpan, at offset: Int, stride: Int, _ factor: Floats) -> SIMD8<UInt8> {
    var number = (values.floats(at: offset) * factor).ternarySteps
    for row in 1..<5 {
      let steps = (values.floats(at: offset &+ row &* stride) * factor).ternarySteps
      number = number &+ number &+ number &+ steps
    }
    return number.fractionBytes
  }
}

extension SIMD16 where Scalar == UInt8 {
  /// The first trit of each fraction: ⌊3 · byte / 256⌋.
  @inline(__always)
  fileprivate var firstTrits: Self {
    let isOne = unsafeBitCast(self .>= Self(repeating: 86), to: Self.self)
    let isTwo = unsafeBitCast(self .>= Self(repeating: 171), to: Self.self)
    // A lane's mask is −1 where it is set.
    return Self.zero &- isOne &- isTwo
  }
}

extension SIMD8 where Scalar == UInt32 {
  /// ⌈number · 256 / 243⌉ of integers below 243.
  @inline(__always)
  fileprivate var fractionBytes: SIMD8<UInt8> {
    // The product with 2²⁴ / 243, rounded up, is exact enough for all of them and stays below 2³².
    let dividend = (self &<< 8) &+ Words(repeating: 242)
    return SIMD8<UInt8>(truncatingIfNeeded: (dividend &* Words(repeating: 69_043)) &>> 24)
  }
}

enum TQ2_0: BlockDecoder, MagnitudeEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 256
    static let bytesPerBlock = 66

    static func encode(_ values: [Float]) -> [UInt8] {
      let (scale, quants) = ternaryQuants(values)
      var packed = [UInt8](repeating: 0, count: 64)
      for (element, quant) in quants.enumerated() {
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        packed[run / 4 * 32 + place] |= UInt8(quant) << UInt8(run % 4 * 2)
      }
      return packed + scale.halfBytes
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 64)
      return (0..<256).map { element in
        let (run, place) = element.quotientAndRemainder(dividingBy: 32)
        return Float(Int((block[run / 4 * 32 + place] >> UInt8(run % 4 * 2)) & 3) - 1) * scale
      }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source &+ 64)
    for group in 0..<8 {
      let quants = SIMD8<Int32>(truncatingIfNeeded: bytes.bytes8(at: source &+ group &* 8))
      let target = destination &+ (group &>> 2) &* 512 &+ (group & 3) &* 32
      values.storeTwoBits(quants, of: 1, by: scale, at: target)
      values.storeTwoBits(quants, of: 4, by: scale, at: target &+ 128)
      values.storeTwoBits(quants, of: 16, by: scale, at: target &+ 256)
      values.storeTwoBits(quants, of: 64, by: scale, at: target &+ 384)
    }
  }

  @inline(__always)
  static func encodeBlock(
    _ values: RawSpan, at source: Int, scale: Float, factor: Floats, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    for group in 0..<8 {
      let offset = source &+ (group &>> 2) &* 512 &+ (group & 3) &* 32
      let first = (values.floats(at: offset) * factor).ternarySteps
      let second = (values.floats(at: offset &+ 128) * factor).ternarySteps
      let third = (values.floats(at: offset &+ 256) * factor).ternarySteps
      let fourth = (values.floats(at: offset &+ 384) * factor).ternarySteps
      let packed = first | (second &<< 2) | (third &<< 4) | (fourth &<< 6)
      bytes.store(SIMD8<UInt8>(truncatingIfNeeded: packed), at: destination &+ group &* 8)
    }
    bytes.store(scale.halfBits, at: destination &+ 64)
  }
}

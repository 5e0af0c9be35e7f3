// MXFP4 (32 elements, 4.25 bits each) and NVFP4 (64 elements, 4.5 bits each): E2M1 floats with scales that are small floats.
//
//   MXFP4   0 ┊ scale E8M0 │ 1 ┊ quants 16 × (element j in bits 3…0, element j + 16 in bits 7…4) │ 17
//   NVFP4   0 ┊ 4 scales UE4M3, one for 16 elements │ 4 ┊ 4 × 8 × (element j in bits 3…0, element j + 8 in bits 7…4) │ 36
//
// w = (scale / 2) · (2 · E2M1(q)): the doubled values are integers. UE4M3 is E4M3 without a sign, in which 0x7F counts
// as 0.
//
// Encoding: MXFP4's scale is the power of two that brings the maximum magnitude between 4 and 8, NVFP4's is a sixth of
// the maximum magnitude, rounded. Elements take the nearest value, the first of two that are equally near.
// Same bytes as ggml-quants.c `quantize_row_mxfp4_ref`, `quantize_row_nvfp4_ref`, `dequantize_row_mxfp4`, `dequantize_row_nvfp4` (llama.cpp 0c1e57098).

private let doubledNumbers: [Float] = F4.values.map { $0 == 0 ? 0 : $0 * 2 }

extension SIMD16 where Scalar == UInt8 {
  /// The doubled values of sixteen indices below 16, each plus 12.
  ///
  /// Bits 2 and 1 of an index are an exponent, which doubles from the second on, and bit 0 is the fraction: 0, 1, 2 and 3
  /// are themselves, 4 and 5 twice 2 and 3, 6 and 7 four times.
  @inline(__always)
  fileprivate var raisedNumbers: Self {
    let one = Self(repeating: 1)
    let low = (self &>> one) & one
    let high = (self &>> Self(repeating: 2)) & one
    let sign = self &>> Self(repeating: 3)
    let fraction = (self & one) | ((low | high) &<< one)
    let doubled = fraction & (Self.zero &- high)
    let again = (fraction &+ fraction) & (Self.zero &- (low & high))
    let magnitude = fraction &+ doubled &+ again
    return (magnitude ^ (Self.zero &- sign)) &+ sign &+ Self(repeating: 12)
  }
}

/// The index of the nearest value in units of `unit`, the first of several.
private func nearestNumber(_ value: Float, _ unit: Float) -> UInt8 {
  var best = 0
  for index in 1..<16 where abs(doubledNumbers[index] * unit - value) < abs(doubledNumbers[best] * unit - value) {
    best = index
  }
  return UInt8(best)
}

/// The indices of the values nearest to eight elements, given magnitudes of at most 2¹² units.
@inline(__always)
private func nearestNumbers(_ values: Floats, _ unit: Floats) -> Words {
  let magnitude = values.magnitude
  var count = SIMD8<Int32>.zero
  // The mean of two values is the threshold: it, the differences and the products are exact.
  func step(_ mean: Float) {
    count &-= unsafeBitCast(magnitude .> unit * Floats(repeating: mean), to: SIMD8<Int32>.self)
  }
  step(0.5)
  step(1.5)
  step(2.5)
  step(3.5)
  step(5)
  step(7)
  step(10)
  // Bit 3 is the sign, but zero has none.
  let sign = (values.words &>> 28) & Words(repeating: 8)
  let index = unsafeBitCast(count, to: Words.self)
  return (index | sign).choosing(Words.zero, where: count .== SIMD8<Int32>.zero)
}

/// ⌊log2f(value)⌋ of a positive value: the float nearest to a logarithm can be an integer just above it.
private func floorOfLog2(_ value: Float) -> Int {
  let next = Int(value.exponent) + 1
  // value = 2^next · (1 − rest); log2(1 − rest) = −(rest + rest² / 2 + …) / ln 2, and only small rests matter.
  let rest = 1 - Double(value.significand) / 2
  let logarithm = Float(Double(next) - (rest + rest * rest / 2) * 1.442_695_040_888_963_4)
  return rest < 0x1p-12 && logarithm == Float(next) ? next : next - 1
}

enum MXFP4: BlockDecoder, BlockEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 32
    static let bytesPerBlock = 17

    static func encode(_ values: [Float]) -> [UInt8] {
      let greatest = abs(firstOfGreatestMagnitude(values))
      let scale = greatest == 0 ? 0 : UInt8(truncatingIfNeeded: floorOfLog2(greatest) + 125)
      let halfScale = Float(sign: .plus, exponent: Int(scale) - 128, significand: 1)
      let quants = values.map { nearestNumber($0, halfScale) }
      return [scale] + (0..<16).map { quants[$0] | quants[$0 + 16] << 4 }
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      // 255, NaN in E8M0, counts as 2¹²⁸ here.
      let halfScale = Float(sign: .plus, exponent: Int(block[0]) - 128, significand: 1)
      let quants = block[1...]
      return quants.map { doubledNumbers[Int($0 & 15)] * halfScale }
        + quants.map { doubledNumbers[Int($0 >> 4)] * halfScale }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    // 2^(scale − 128): a normal float from 2 on, below that a fraction's bit.
    let exponent = UInt32(bytes.byte(at: source))
    let halfScale = Float(bitPattern: exponent < 2 ? 0x0020_0000 &<< exponent : (exponent &- 1) &<< 23)
    let quants = bytes.bytes16(at: source &+ 1)
    values.storeScaled(quants.lowNibbles.raisedNumbers, minus: 12, by: halfScale, at: destination)
    values.storeScaled(quants.highNibbles.raisedNumbers, minus: 12, by: halfScale, at: destination &+ 64)
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    for index in 0..<values.byteCount / 128 {
      encodeBlock(values, at: index &* 128, into: &bytes, at: start &+ index &* Reference.bytesPerBlock)
    }
    return nil
  }

  @inline(__always)
  private static func encodeBlock(
    _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let block = Block32(values, at: source)
    let greatest = block.first.magnitude.greater(block.second.magnitude)
      .greater(block.third.magnitude.greater(block.fourth.magnitude)).greatestLane
    // Tiny scales wrap around, and just below a power of two the rounding of the logarithm matters.
    guard greatest >= 0x1p-120, greatest.bitPattern & 0x007F_FFFF < 0x007F_F000 else {
      return encodeBlockByReference(values, at: source, into: &bytes, at: destination)
    }
    let scale = greatest.bitPattern >> 23 &- 2
    let unit = Floats(repeating: Float(bitPattern: (scale &- 1) << 23))
    bytes.store(UInt8(truncatingIfNeeded: scale), at: destination)
    let low = nearestNumbers(block.first, unit) | (nearestNumbers(block.third, unit) &<< 4)
    let high = nearestNumbers(block.second, unit) | (nearestNumbers(block.fourth, unit) &<< 4)
    bytes.store(lowBytes(low, high), at: destination &+ 1)
  }
}

enum NVFP4: BlockDecoder, BlockEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 64
    static let bytesPerBlock = 36

    static func encode(_ values: [Float]) -> [UInt8] {
      let groups = (0..<4).map { Array(values[$0 * 16..<$0 * 16 + 16]) }
      let scales = groups.map { scale(abs(firstOfGreatestMagnitude($0)) / 6) }
      return scales
        + (0..<4).flatMap { group in
          let unit = halfScales[Int(scales[group])]
          let quants = groups[group].map { nearestNumber($0, unit) }
          return (0..<8).map { quants[$0] | quants[$0 + 8] << 4 }
        }
    }

    /// The nearest UE4M3, half up; 448 from 248 on.
    static func scale(_ value: Float) -> UInt8 {
      // Steps of 2⁻⁹ below 2⁻⁶; values are not rounded up to 2⁻⁶.
      if value < 0x1p-6 { return UInt8(min(7, value * 512 + 0.5)) }
      // Exponent and three bits of fraction, with the bias 7 for 127. All of the highest exponent becomes 448.
      let bits = (min(value, 448).bitPattern &+ 0x0008_0000) >> 20 &- (120 << 3)
      return bits < 0x78 ? UInt8(bits) : 0x7E
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      (0..<4).flatMap { group in
        let scale = block[group]
        let halfScale = scale == 0x7F ? 0 : halfScales[Int(scale)]
        let quants = block[4 + group * 8..<4 + group * 8 + 8]
        return quants.map { doubledNumbers[Int($0 & 15)] * halfScale }
          + quants.map { doubledNumbers[Int($0 >> 4)] * halfScale }
      }
    }

    /// Half of each scale; the sign bit is ignored.
    static let halfScales = F8_E4M3.values.map { abs($0) / 2 }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    for group in 0..<4 {
      let halfScale = halfScale(bytes.byte(at: source &+ group))
      let packed = bytes.bytes8(at: source &+ 4 &+ group &* 8)
      let pairs = SIMD16<UInt8>(lowHalf: packed, highHalf: packed &>> SIMD8<UInt8>(repeating: 4))
      values.storeScaled(
        pairs.lowNibbles.raisedNumbers, minus: 12, by: halfScale, at: destination &+ group &* 64)
    }
  }

  /// Half of the value of a scale's bits.
  @inline(__always)
  private static func halfScale(_ scale: UInt8) -> Float {
    let bits = UInt32(scale & 0x7F)
    // The highest pattern is NaN in E4M3; as UE4M3 it counts as 0 unless the sign bit is set.
    if bits == 0x7F { return scale == 0x7F ? 0 : Reference.halfScales[Int(scale)] }
    // Exponent and fraction are shifted to those of a float, with the bias 127 for 7 and one less for the half.
    return bits < 8 ? Float(bits) * 0x1p-10 : Float(bitPattern: (bits &<< 20) &+ (119 &<< 23))
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    let halfScales = Reference.halfScales.span
    for block in 0..<values.byteCount / 256 {
      let source = block &* 256
      let destination = start &+ block &* Reference.bytesPerBlock
      for group in 0..<4 {
        let low = values.floats(at: source &+ group &* 64)
        let high = values.floats(at: source &+ group &* 64 &+ 32)
        let greatest = low.magnitude.greater(high.magnitude).greatestLane
        // Far beyond the greatest scale differences are rounded, which changes the nearest value.
        guard greatest < 2800 else {
          encodeBlockByReference(values, at: source, into: &bytes, at: destination)
          break
        }
        let scale = Reference.scale(greatest / 6)
        bytes.store(scale, at: destination &+ group)
        let unit = Floats(repeating: halfScales[Int(scale)])
        let packed = nearestNumbers(low, unit) | (nearestNumbers(high, unit) &<< 4)
        // Without a scale all values are zero.
        let quants = SIMD8<UInt8>(truncatingIfNeeded: scale == 0 ? Words.zero : packed)
        bytes.store(quants, at: destination &+ 4 &+ group &* 8)
      }
    }
    return nil
  }
}

// Formats of one and two bits: the sign only, and four values.
//
//   Q1_0    0 ┊ scale f16 │ 2 ┊ signs 16 bytes, low bits first │ 18                                     128 elements
//   Q2_0    0 ┊ scale f16 │ 2 ┊ quants 16 bytes, four per byte, low bits first │ 18                     64 elements
//
// Q1_0: w = ±scale.  Encoding: scale = mean |w|; zeros of both signs count as positive.
// Q2_0: w = (q − 1) · scale.  Encoding: scale = max |w|, q = w · (1 / scale) rounded half away from zero, plus 1; an inverse
// that overflows makes all quants 0.
// Same bytes as ggml-quants.c `quantize_row_{q1_0,q2_0}_ref`, `dequantize_row_{q1_0,q2_0}` (llama.cpp 0c1e57098).

enum Q1_0: BlockDecoder, BlockEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 128
    static let bytesPerBlock = 18

    static func encode(_ values: [Float]) -> [UInt8] {
      let scale = values.reduce(0) { $0 + abs($1) } / 128
      var signs = [UInt8](repeating: 0, count: 16)
      for (index, value) in values.enumerated() where value >= 0 { signs[index / 8] |= 1 << UInt8(index % 8) }
      return scale.halfBytes + signs
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<128).map { (block[2 + $0 / 8] >> UInt8($0 % 8)) & 1 == 1 ? scale : -scale }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = Floats(repeating: bytes.half(at: source)).words
    let places = Words(1, 2, 4, 8, 16, 32, 64, 128)
    for group in 0..<16 {
      let isMinus = (Words(repeating: UInt32(bytes.byte(at: source &+ 2 &+ group))) & places) .== Words.zero
      let minus = Words.zero.choosing(Words(repeating: 0x8000_0000), where: isMinus)
      values.store(Floats(bits: scale ^ minus), at: destination &+ group &* 32)
    }
  }

  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    for block in 0..<values.byteCount / 512 {
      let source = block &* 512
      let destination = start &+ block &* Reference.bytesPerBlock
      var sum: Float = 0
      for group in 0..<16 {
        let eight = values.floats(at: source &+ group &* 32)
        let magnitude = eight.magnitude
        for lane in 0..<8 { sum += magnitude[lane] }
        let signs = unsafeBitCast(eight .>= Floats.zero, to: Words.self).lowestBits
        bytes.store(signs, at: destination &+ 2 &+ group)
      }
      bytes.store((sum / 128).halfBits, at: destination)
    }
    return nil
  }
}

enum Q2_0: BlockDecoder, MagnitudeEncoder {
  enum Reference: ReferenceDecoder, ReferenceEncoder {
    static let elementsPerBlock = 64
    static let bytesPerBlock = 18

    static func encode(_ values: [Float]) -> [UInt8] {
      let scale = abs(firstOfGreatestMagnitude(values))
      let inverse = inverseOrZero(scale)
      var quants = [UInt8](repeating: 0, count: 16)
      for (index, value) in values.enumerated() {
        let rounded = truncatedAsX86((value * inverse).rounded(.toNearestOrAwayFromZero))
        quants[index / 4] |= UInt8(Int(rounded &+ 1).clamped(0, 3)) << UInt8(index % 4 * 2)
      }
      return scale.halfBytes + quants
    }

    static func decode(_ block: [UInt8]) -> [Float] {
      let scale = block.half(at: 0)
      return (0..<64).map { Float(Int((block[2 + $0 / 4] >> UInt8($0 % 4 * 2)) & 3) - 1) * scale }
    }
  }

  @inline(__always)
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let scale = bytes.half(at: source)
    // A byte has four quants, which are q · unit in it; products with powers of two are exact.
    let units = SIMD8<Int32>(1, 4, 16, 64, 1, 4, 16, 64)
    let factor = Floats(repeating: scale) / Floats(units)
    for pair in 0..<8 {
      let low = Int32(bytes.byte(at: source &+ 2 &+ pair &* 2)), high = Int32(bytes.byte(at: source &+ 3 &+ pair &* 2))
      let quants = SIMD8(lowHalf: SIMD4(repeating: low), highHalf: SIMD4(repeating: high)) & (units &* 3)
      values.store((Floats(quants) - Floats(units)) * factor, at: destination &+ pair &* 32)
    }
  }

  @inline(__always)
  static func encodeBlock(
    _ values: RawSpan, at source: Int, scale: Float, factor: Floats, into bytes: inout MutableRawSpan,
    at destination: Int
  ) {
    bytes.store(scale.halfBits, at: destination)
    for group in 0..<8 {
      let steps = (values.floats(at: source &+ group &* 32) * factor).ternarySteps
      let pairs = unsafeBitCast(steps, to: SIMD4<UInt64>.self)
      let packed = pairs | (pairs &>> 30)
      let quants = UInt16(truncatingIfNeeded: (packed[0] & 15) | (packed[1] & 15) << 4)
      let next = UInt16(truncatingIfNeeded: (packed[2] & 15) | (packed[3] & 15) << 4)
      bytes.store(quants | next << 8, at: destination &+ 2 &+ group &* 2)
    }
  }
}

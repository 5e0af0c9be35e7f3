// Fast codecs work a block at a time; the loops over a row are here.

/// Decodes a block at a time, with vectors if it says how, else by its reference.
protocol BlockDecoder: RowDecoder {
  /// The definition this must agree with, bit for bit.
  associatedtype Reference: ReferenceDecoder

  /// Decodes the block at `source` in `bytes` to the floats at byte `destination` of `values`.
  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int)
}

extension BlockDecoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    for block in 0..<bytes.byteCount / Reference.bytesPerBlock {
      decodeBlock(
        bytes, at: block &* Reference.bytesPerBlock,
        into: &values, at: block &* Reference.elementsPerBlock &* floatByteCount)
    }
  }

  static func decodeBlock(_ bytes: RawSpan, at source: Int, into values: inout MutableRawSpan, at destination: Int) {
    let block = (0..<Reference.bytesPerBlock).map { bytes.byte(at: source + $0) }
    for (index, value) in Reference.decode(block).enumerated() {
      values.store(value, at: destination + index * floatByteCount)
    }
  }
}

/// Encodes blocks with vectors.
protocol BlockEncoder: RowEncoder {
  /// The definition this must agree with, bit for bit.
  associatedtype Reference: ReferenceEncoder
}

extension BlockEncoder {
  /// Encodes one block of finite floats by the reference: for rare blocks that would cost the others speed.
  @inline(never)
  static func encodeBlockByReference(
    _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let plain = (0..<Reference.elementsPerBlock).map { values.float(at: source + $0 * floatByteCount) }
    for (index, byte) in Reference.encode(plain).enumerated() { bytes.store(byte, at: destination + index) }
  }
}

extension RawSpan {
  /// The index of the first float between two byte offsets, 32 bytes or a multiple apart, that is infinite or NaN.
  func firstNonfinite(from start: Int, to end: Int) -> Int? {
    // x − x is 0, but NaN for infinities and NaN, and NaN stays in a sum.
    var zeros = Floats.zero
    for offset in stride(from: start, to: end, by: 32) {
      let eight = floats(at: offset)
      zeros += eight - eight
    }
    if all(zeros .== zeros) { return nil }
    return (start / floatByteCount..<end / floatByteCount).first { !float(at: $0 * floatByteCount).isFinite }
  }
}

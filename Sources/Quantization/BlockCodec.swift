// Vectorized codecs work a block at a time; the loops over a row are here.

/// Decodes a block at a time: with vectors if the format implements it, otherwise by the scalar implementation.
protocol BlockDecoder: RowDecoder {
  /// The scalar implementation, which this must match bit for bit.
  associatedtype Reference: ReferenceDecoder

  /// Decodes the block at `source` in `bytes` to the floats at byte offset `destination` of `values`.
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
  /// The scalar implementation, which this must match bit for bit.
  associatedtype Reference: ReferenceEncoder
}

extension BlockEncoder {
  /// Encodes one block of finite floats by the scalar implementation: for rare blocks that would slow down the others.
  @inline(never)
  static func encodeBlockByReference(
    _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let plain = (0..<Reference.elementsPerBlock).map { values.float(at: source + $0 * floatByteCount) }
    for (index, byte) in Reference.encode(plain).enumerated() { bytes.store(byte, at: destination + index) }
  }
}

extension RawSpan {
  /// The index of the first infinity or NaN between two byte offsets, a multiple of 32 bytes apart.
  func firstNonfinite(from start: Int, to end: Int) -> Int? {
    // x − x is 0, but NaN for infinities and NaN, and a sum keeps NaN. A sum waits for each of its terms, so four are
    // added before.
    var zeros = Floats.zero
    let foursEnd = end - (end - start) % 128
    for offset in stride(from: start, to: foursEnd, by: 128) {
      zeros += (zero(at: offset) + zero(at: offset &+ 32)) + (zero(at: offset &+ 64) + zero(at: offset &+ 96))
    }
    for offset in stride(from: foursEnd, to: end, by: 32) { zeros += zero(at: offset) }
    if (zeros .== zeros).isSetEverywhere { return nil }
    return (start / floatByteCount..<end / floatByteCount).first { !float(at: $0 * floatByteCount).isFinite }
  }

  /// Eight elements minus themselves.
  @inline(__always)
  private func zero(at offset: Int) -> Floats {
    let eight = floats(at: offset)
    return eight - eight
  }
}

// Fast codecs work a block at a time; the loops over a row are here.

/// Decodes one block with vectors.
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
}

/// Encodes one block with vectors.
protocol BlockEncoder: RowEncoder {
  /// The definition this must agree with, bit for bit.
  associatedtype Reference: ReferenceEncoder

  /// Encodes the floats at byte `source` of `values` to the block at `destination` in `bytes`.
  ///
  /// - Returns: whether all values are finite; if not, what the block holds has no meaning.
  static func encodeBlock(
    _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) -> Bool
}

extension BlockEncoder {
  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan) -> Int? {
    let floatBlockByteCount = Reference.elementsPerBlock &* floatByteCount
    for block in 0..<values.byteCount / floatBlockByteCount {
      let isFinite = encodeBlock(
        values, at: block &* floatBlockByteCount, into: &bytes, at: block &* Reference.bytesPerBlock)
      if !isFinite {
        let start = block * Reference.elementsPerBlock
        return (start..<start + Reference.elementsPerBlock).first { !values.float(at: $0 * floatByteCount).isFinite }
      }
    }
    return nil
  }

  /// Encodes by the reference: for the rare block whose scale is so small that its inverse overflows.
  @inline(never)
  static func encodeBlockByReference(
    _ values: RawSpan, at source: Int, into bytes: inout MutableRawSpan, at destination: Int
  ) {
    let plain = (0..<Reference.elementsPerBlock).map { values.float(at: source + $0 * floatByteCount) }
    for (index, byte) in Reference.encode(plain).enumerated() { bytes.store(byte, at: destination + index) }
  }
}

/// An encoder of blocks whose scale is their maximum magnitude.
protocol MagnitudeEncoder: BlockEncoder {
  /// Encodes one block of finite floats; `factor` is 1 / `scale`, or 0 for a block of zeros.
  static func encodeBlock(
    _ values: RawSpan, at source: Int, scale: Float, factor: Floats, into bytes: inout MutableRawSpan,
    at destination: Int)
}

extension MagnitudeEncoder {
  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int? {
    if let index = values.firstNonfinite(from: 0, to: values.byteCount) { return index }
    let blockByteCount = Reference.elementsPerBlock &* floatByteCount
    for block in 0..<values.byteCount / blockByteCount {
      let source = block &* blockByteCount
      let destination = start &+ block &* Reference.bytesPerBlock
      let scale = values.greatestMagnitude(at: source, count: Reference.elementsPerBlock)
      let inverse = inverseOrZero(scale)
      // The inverse of a denormal scale is infinite.
      guard inverse.isFinite else {
        encodeBlockByReference(values, at: source, into: &bytes, at: destination)
        continue
      }
      encodeBlock(
        values, at: source, scale: scale, factor: Floats(repeating: inverse), into: &bytes, at: destination)
    }
    return nil
  }
}

extension RawSpan {
  /// The maximum magnitude of `count` floats, a multiple of eight.
  @inline(__always)
  func greatestMagnitude(at offset: Int, count: Int) -> Float {
    var greatest = Floats.zero
    for start in stride(from: 0, to: count, by: 8) {
      greatest = greatest.greater(floats(at: offset &+ start &* floatByteCount).magnitude)
    }
    return greatest.greatestLane
  }
}

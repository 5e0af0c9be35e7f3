// A row by the reference, block by block: the oracle of the fast kernels, and the way of blocks they do not care for.

extension ReferenceDecoder {
  static func decodeRow(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    for block in 0..<bytes.byteCount / bytesPerBlock {
      let start = block * bytesPerBlock
      let stored = (0..<bytesPerBlock).map { bytes.unsafeLoadUnaligned(fromByteOffset: start + $0, as: UInt8.self) }
      for (index, value) in decode(stored).enumerated() {
        let offset = (block * elementsPerBlock + index) * floatByteCount
        values.storeBytes(of: value, toByteOffset: offset, as: Float.self)
      }
    }
  }
}

extension ReferenceEncoder {
  static func encodeRow(_ values: RawSpan, into bytes: inout MutableRawSpan) -> Int? {
    for block in 0..<values.byteCount / (elementsPerBlock * floatByteCount) {
      let start = block * elementsPerBlock
      var plain: [Float] = []
      for index in start..<start + elementsPerBlock {
        let value = values.unsafeLoadUnaligned(fromByteOffset: index * floatByteCount, as: Float.self)
        guard value.isFinite else { return index }
        plain.append(value)
      }
      for (index, byte) in encode(plain).enumerated() {
        bytes.storeBytes(of: byte, toByteOffset: block * bytesPerBlock + index, as: UInt8.self)
      }
    }
    return nil
  }
}

/// The float cut to a whole number as the `cvttss2si` instruction does it, on which ggml's casts rest: what does not fit
/// in 32 bits, and NaN, becomes `Int32.min`, whose low byte is 0.
func truncatedAsX86(_ value: Float) -> Int32 {
  guard value >= -0x1p31, value < 0x1p31 else { return .min }
  return Int32(value)
}

/// 1 / value, and 0 for 0: the inverse scale of a block.
func inverseOrZero(_ value: Float) -> Float { value == 0 ? 0 : 1 / value }

extension [UInt8] {
  /// The half in two bytes at `offset`.
  func half(at offset: Int) -> Float {
    Float(halfBits: UInt16(self[offset]) | UInt16(self[offset + 1]) << 8)
  }
}

extension Float {
  /// The two bytes of the nearest half.
  var halfBytes: [UInt8] { [UInt8(truncatingIfNeeded: halfBits), UInt8(truncatingIfNeeded: halfBits >> 8)] }
}

/// The element whose magnitude no other exceeds, the first of several; 0 for a block of zeros.
func firstOfGreatestMagnitude(_ values: [Float]) -> Float {
  values.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
}

/// The least and the greatest element, the first of several that are equal (which matters for the sign of zero).
func firstLeastAndGreatest(_ values: [Float]) -> (least: Float, greatest: Float) {
  values.reduce((.greatestFiniteMagnitude, -.greatestFiniteMagnitude)) { range, value in
    (value < range.0 ? value : range.0, value > range.1 ? value : range.1)
  }
}

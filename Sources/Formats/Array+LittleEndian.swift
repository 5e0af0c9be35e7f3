extension [UInt8] {
  /// Appends an integer, lowest byte first.
  public mutating func appendLittleEndian<T: FixedWidthInteger>(_ value: T) {
    for index in 0..<T.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: value >> T(truncatingIfNeeded: index * 8)))
    }
  }

  /// Appends a 64-bit length, then the bytes.
  mutating func appendString(_ bytes: some Collection<UInt8>) {
    appendLittleEndian(UInt64(bytes.count))
    append(contentsOf: bytes)
  }
}

// Whole numbers, and BOOL as the byte it is (0 or 1 in valid files).

enum IntegerRow<Element: FixedWidthInteger & BitwiseCopyable & Sendable>: RowDecoder {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    let size = MemoryLayout<Element>.size
    for index in 0..<bytes.byteCount / size {
      let bits = bytes.unsafeLoadUnaligned(fromByteOffset: index * size, as: Element.self)
      values.storeBytes(of: Float(Element(littleEndian: bits)), toByteOffset: index * 4, as: Float.self)
    }
  }
}

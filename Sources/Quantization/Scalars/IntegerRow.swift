// Integers, rounded to the nearest float, and BOOL as its byte (0 or 1 in valid files).

/// A row of integers.
protocol IntegerRow: RowDecoder {
  associatedtype Element: FixedWidthInteger & BitwiseCopyable
}

extension IntegerRow {
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan) {
    let byteCount = MemoryLayout<Element>.size
    for index in 0..<bytes.byteCount / byteCount {
      let element = bytes.unsafeLoadUnaligned(fromByteOffset: index &* byteCount, as: Element.self)
      values.store(Float(element), at: index &* floatByteCount)
    }
  }
}

enum Signed8: IntegerRow { typealias Element = Int8 }
enum Signed16: IntegerRow { typealias Element = Int16 }
enum Signed32: IntegerRow { typealias Element = Int32 }
enum Signed64: IntegerRow { typealias Element = Int64 }
enum Unsigned8: IntegerRow { typealias Element = UInt8 }
enum Unsigned16: IntegerRow { typealias Element = UInt16 }
enum Unsigned32: IntegerRow { typealias Element = UInt32 }
enum Unsigned64: IntegerRow { typealias Element = UInt64 }

// What an implementation of a storage format offers inside this target.
//
// Rows are raw bytes on both sides, so that kernels move whole vectors: floats are four bytes each. Every access is
// checked against the span's bounds; sizes were checked by `Codec` before.

/// Decodes whole blocks.
protocol RowDecoder: Sendable {
  /// Decodes all of `bytes` into the floats at the head of `values`, which has room for them.
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan)
}

/// Encodes whole blocks.
protocol RowEncoder: Sendable {
  /// Encodes the floats of `values` to `bytes` from offset `start` on, which has room for them.
  ///
  /// - Returns: the index of the first value that the format cannot hold, or nil when everything was encoded.
  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int?
}

/// The layout of a block format, repeated from the table as constants the compiler can unroll by (a test compares them).
protocol BlockLayout: Sendable {
  static var elementsPerBlock: Int { get }
  static var bytesPerBlock: Int { get }
}

/// The definition of a block format's numbers: one block, in the plainest words.
protocol ReferenceDecoder: BlockLayout {
  static func decode(_ block: [UInt8]) -> [Float]
}

/// The definition of a block format's bytes: one block of finite values, in the plainest words.
protocol ReferenceEncoder: BlockLayout {
  static func encode(_ values: [Float]) -> [UInt8]
}

/// Bytes of one float in a row.
let floatByteCount = 4

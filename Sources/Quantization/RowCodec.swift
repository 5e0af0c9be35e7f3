// The protocols of storage format implementations, internal to this target.
//
// Rows are raw bytes on both sides, so that kernels load and store whole vectors: a float has four bytes. Every access
// is checked against the span's bounds; `Codec` has checked the sizes before.

/// Decodes whole blocks.
protocol RowDecoder: Sendable {
  /// Decodes all of `bytes` into the start of `values`, which is long enough.
  static func decode(_ bytes: RawSpan, into values: inout MutableRawSpan)
}

/// Encodes whole blocks.
protocol RowEncoder: Sendable {
  /// Encodes the floats of `values` into `bytes` from offset `start`; `bytes` is long enough.
  ///
  /// - Returns: the index of the first value that the format cannot store, or nil if everything was encoded.
  static func encode(_ values: RawSpan, into bytes: inout MutableRawSpan, at start: Int) -> Int?
}

typealias RowCodec = RowDecoder & RowEncoder

/// The layout of a block format, repeated from the table as constants for loop unrolling (a test compares them).
protocol BlockLayout: Sendable {
  static var elementsPerBlock: Int { get }
  static var bytesPerBlock: Int { get }
}

/// The scalar implementation of a block format's decoder: one block.
protocol ReferenceDecoder: BlockLayout {
  static func decode(_ block: [UInt8]) -> [Float]
}

/// The scalar implementation of a block format's encoder: one block of finite values.
protocol ReferenceEncoder: BlockLayout {
  static func encode(_ values: [Float]) -> [UInt8]
}

/// The bytes of one float in a row.
let floatByteCount = 4

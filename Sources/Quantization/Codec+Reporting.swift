import Tensors

// Encoding that measures itself: what was encoded is decoded again, a piece at a time while both are in the nearest cache,
// and compared with what it was made from.

extension Codec {
  /// Elements encoded, decoded and compared at a time; a multiple of every block.
  private static let pieceElementCount = 2048

  /// Encodes all of `values` as `encode` does and merges what that did to them into `report`.
  ///
  /// - Throws: as `encode`; `report` then holds the elements before the piece at which it failed.
  public static func encode(
    _ format: StorageFormat, _ values: Span<Float>, into bytes: inout MutableSpan<UInt8>,
    report: inout EncodingReport
  ) throws(CodecError) {
    try encode(format, values, into: &bytes)
    var stored = [Float](repeating: 0, count: min(pieceElementCount, values.count))
    var start = 0
    while start < values.count {
      let count = min(pieceElementCount, values.count - start)
      let byteStart = start / format.elementsPerBlock * format.bytesPerBlock
      let byteCount = count / format.elementsPerBlock * format.bytesPerBlock
      var destination = stored.mutableSpan
      try decode(format, bytes.bytes.extracting(byteStart..<byteStart + byteCount), into: &destination)
      for index in 0..<count {
        report.note(Double(values[start + index]), storedAs: Double(stored[index]))
      }
      start += count
    }
  }

  /// Turns all of `source`, whole blocks of `sourceFormat`, into `format` at the head of `bytes`, by way of floats, and
  /// merges what that did to the numbers into `report`.
  ///
  /// Between two scalar formats this is a cast: F64 goes to F16 or BF16 through F32, as in PyTorch.
  public static func convert(
    _ sourceFormat: StorageFormat, _ source: RawSpan, to format: StorageFormat, into bytes: inout MutableSpan<UInt8>,
    report: inout EncodingReport
  ) throws(CodecError) {
    let count = try elementCount(sourceFormat, source)
    var values = [Float](repeating: 0, count: count)
    var destination = values.mutableSpan
    try decode(sourceFormat, source, into: &destination)
    try encode(format, values.span, into: &bytes, report: &report)
  }
}

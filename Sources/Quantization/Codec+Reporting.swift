import Tensors

// Encoding that measures its errors: batches that stay in the first-level cache are encoded, decoded again, and compared
// with the original values.

extension Codec {
  /// Elements of a batch: a multiple of the block length of every format.
  static let batchElementCount = 2048

  /// Encodes all of `values` as `encode` does and merges the resulting errors into `report`.
  ///
  /// - Throws: as `encode`; `report` then covers the batches of 2,048 elements before the failing one.
  public static func encode(
    _ format: StorageFormat, _ values: Span<Float>, into bytes: inout MutableSpan<UInt8>,
    report: inout EncodingReport
  ) throws(CodecError) {
    try convert(.f32, values.bytes, to: format, into: &bytes, report: &report)
  }

  /// Converts all of `source`, whole blocks of `sourceFormat`, to `format` at the start of `bytes`, through floats, and
  /// merges the resulting errors into `report`.
  ///
  /// Between two element types this is a cast: F64 is cast to F16 or BF16 through F32, as in PyTorch. Changes are measured
  /// against the exact values, also of F64 and of large integers.
  ///
  /// - Complexity: O(elements), with a few kilobytes of memory.
  /// - Throws: as `decode` and `encode`; `report` then covers the batches of 2,048 elements before the failing one.
  public static func convert(
    _ sourceFormat: StorageFormat, _ source: RawSpan, to format: StorageFormat, into bytes: inout MutableSpan<UInt8>,
    report: inout EncodingReport
  ) throws(CodecError) {
    guard let decoder = decoder(of: sourceFormat) else { throw .notDecodable(sourceFormat) }
    guard let codec = codec(of: format) else { throw .notEncodable(format) }
    guard !requiresImportance(format) else { throw .needsImportance(format) }
    let count = try elementCount(sourceFormat, source)
    try requireRoom(format, elementCount: count, in: bytes.count)

    var values = [Float](repeating: 0, count: min(batchElementCount, count))
    var stored = values
    var start = 0
    while start < count {
      let end = min(start + batchElementCount, count)
      let batch = source.extracting(byteRange(sourceFormat, start..<end))
      var valuesSpan = values.mutableSpan
      var valuesBytes = valuesSpan.mutableBytes
      decoder.decode(batch, into: &valuesBytes)

      let valueBytes = values.span.bytes.extracting(0..<(end - start) * floatByteCount)
      let target = byteRange(format, start..<end)
      var destination = bytes.mutableBytes
      if let index = codec.encode(valueBytes, into: &destination, at: target.lowerBound) {
        throw .nonfinite(format, elementIndex: start + index, value: values[index])
      }

      var storedSpan = stored.mutableSpan
      var storedBytes = storedSpan.mutableBytes
      codec.decode(bytes.bytes.extracting(target), into: &storedBytes)
      if sourceFormat.isWiderThanFloat32 {
        for index in 0..<end - start {
          let remainder = remainder(sourceFormat, batch, index, float: values[index])
          report.note(ExactValue(values[index], remainder: remainder), storedAs: stored[index])
        }
      } else {
        report.note(valueBytes, storedAs: stored.span.bytes)
      }
      start = end
    }
  }

  /// The index of the first of `values` that is infinite or NaN.
  public static func firstNonfinite(_ values: Span<Float>) -> Int? {
    let wholeCount = values.count / 8 * 8
    return values.bytes.firstNonfinite(from: 0, to: wholeCount * floatByteCount)
      ?? (wholeCount..<values.count).first { !values[$0].isFinite }
  }

  static func byteRange(_ format: StorageFormat, _ elements: Range<Int>) -> Range<Int> {
    let start = elements.lowerBound / format.elementsPerBlock * format.bytesPerBlock
    return start..<start + elements.count / format.elementsPerBlock * format.bytesPerBlock
  }
}

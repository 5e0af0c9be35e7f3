import Tensors

extension Codec {
  /// Encodes the first `elementCount` of `values` and merges the resulting errors into `report`.
  ///
  /// - Parameter importance: the weight of each column of a row, as for `encode`; nil if all are equal.
  /// - Throws: as `encode`; `report` then has at most the batches of 2,048 elements before the failing one.
  public static func encode(
    _ format: StorageFormat, _ values: DecodedValues, elementCount: Int, importance: [Float]? = nil,
    into bytes: inout MutableSpan<UInt8>, report: inout EncodingReport
  ) throws(CodecError) {
    let floats = values.floats.span.extracting(first: elementCount)
    if importance == nil, values.isExact { return try encode(format, floats, into: &bytes, report: &report) }
    if let importance {
      try encode(format, floats, importance: importance.span, into: &bytes)
    } else {
      try encode(format, floats, into: &bytes)
    }
    guard let decoder = decoder(of: format) else { throw .notDecodable(format) }
    var stored = [Float](repeating: 0, count: min(batchElementCount, elementCount))
    for start in stride(from: 0, to: elementCount, by: batchElementCount) {
      let end = min(start + batchElementCount, elementCount)
      var storedSpan = stored.mutableSpan
      var storedBytes = storedSpan.mutableBytes
      decoder.decode(bytes.bytes.extracting(byteRange(format, start..<end)), into: &storedBytes)
      if values.isExact {
        report.note(floats.bytes.extracting(start * floatByteCount..<end * floatByteCount), storedAs: stored.span.bytes)
      } else {
        for index in start..<end { report.note(values.exact(index), storedAs: stored[index - start]) }
      }
    }
  }
}

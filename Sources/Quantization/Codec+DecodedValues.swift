import Tensors

extension Codec {
  /// Encodes the first `elementCount` of `values` and merges what that did to them into `report`.
  ///
  /// - Parameter importance: how much each column of a row matters, as for `encode`; nil if all matter equally.
  /// - Throws: as `encode`; `report` then contains at most the pieces of 2,048 elements before the failing one.
  public static func encode(
    _ format: StorageFormat, _ values: DecodedValues, elementCount: Int, importance: [Float]? = nil,
    into bytes: inout MutableSpan<UInt8>, report: inout EncodingReport
  ) throws(CodecError) {
    let floats = values.floats.span.extracting(first: elementCount)
    if let importance {
      try encode(format, floats, importance: importance.span, into: &bytes)
    } else if values.isExact {
      return try encode(format, floats, into: &bytes, report: &report)
    } else {
      try encode(format, floats, into: &bytes)
    }
    guard let verifier = decoder(of: format) else { throw .notDecodable(format) }
    var stored = [Float](repeating: 0, count: min(pieceElementCount, elementCount))
    for start in stride(from: 0, to: elementCount, by: pieceElementCount) {
      let end = min(start + pieceElementCount, elementCount)
      var storedSpan = stored.mutableSpan
      var storedBytes = storedSpan.mutableBytes
      verifier.decode(bytes.bytes.extracting(byteRange(format, start..<end)), into: &storedBytes)
      if values.isExact {
        report.note(floats.bytes.extracting(start * floatByteCount..<end * floatByteCount), storedAs: stored.span.bytes)
      } else {
        for index in start..<end { report.note(values.exact(index), storedAs: stored[index - start]) }
      }
    }
  }
}

import Tensors

extension Codec {
  /// Encodes rows of `values` as `encode` with importance does and merges the resulting errors into `report`.
  ///
  /// - Throws: as `encode`; `report` is then unchanged.
  public static func encode(
    _ format: StorageFormat, _ values: Span<Float>, importance: Span<Float>, into bytes: inout MutableSpan<UInt8>,
    report: inout EncodingReport
  ) throws(CodecError) {
    try encode(format, values, importance: importance, into: &bytes)
    guard let verifier = decoder(of: format) else { throw .notDecodable(format) }
    var stored = [Float](repeating: 0, count: min(pieceElementCount, values.count))
    for start in stride(from: 0, to: values.count, by: pieceElementCount) {
      let end = min(start + pieceElementCount, values.count)
      var storedSpan = stored.mutableSpan
      var storedBytes = storedSpan.mutableBytes
      verifier.decode(bytes.bytes.extracting(byteRange(format, start..<end)), into: &storedBytes)
      report.note(values.bytes.extracting(start * floatByteCount..<end * floatByteCount), storedAs: stored.span.bytes)
    }
  }
}

import Bytes
import Quantization
import Tensors

enum CodecBenchmarkError: Error {
  case unknownFormat(String)
  case partialBlock(StorageFormat, elementCount: Int)
}

/// Rates of one format.
struct CodecRates {
  let format: StorageFormat
  /// Millions of weights per second; nil where there is no encoder.
  let encode: Double?, encodeWithReport: Double?
  let decode: Double
  /// The weights encoded, and these bytes decoded, as bytes of floats.
  let encoded: [UInt8], decoded: [UInt8]

  var line: String {
    func column(_ rate: Double?, _ width: Int) -> String {
      let text = rate.map { "\(Int($0))" } ?? "–"
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let name = format.name + String(repeating: " ", count: max(0, 12 - format.name.count))
    return name + column(encode, 9) + column(encodeWithReport, 16) + column(decode, 12)
  }
}

struct CodecBenchmark {
  let weights: [Float]
  /// How much each element of a row matters, where encoding takes that into account.
  let importance: [Float]?
  private let clock = ContinuousClock()
  private let roundCount = 40

  init(weights: [Float], importance: [Float]?) {
    self.weights = weights
    self.importance = importance
  }

  /// 65,536 roughly normal weights.
  static func randomWeights() -> [Float] {
    (0..<1 << 16).map { _ in (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0..<1) } * 0.02 }
  }

  /// The floats of a file.
  static func readWeights(_ path: String) throws -> [Float] {
    let content = try LocalFile(path).wholeContent(limit: 1 << 30)
    return try Codec.decode(.f32, content, elementCount: content.count / 4)
  }

  func measure(_ format: StorageFormat) throws -> CodecRates {
    guard let byteCount = format.byteCount(elementCount: weights.count) else {
      throw CodecBenchmarkError.partialBlock(format, elementCount: weights.count)
    }
    // Formats without an encoder decode a pattern that stands for ordinary numbers in all of them.
    var bytes = [UInt8](repeating: 0x31, count: byteCount)
    var encode: Double?, encodeWithReport: Double?
    if Codec.canEncode(format), importance != nil || !Codec.requiresImportance(format) {
      encode = try rate {
        var destination = bytes.mutableSpan
        if let importance {
          try Codec.encode(format, weights.span, importance: importance.span, into: &destination)
        } else {
          try Codec.encode(format, weights.span, into: &destination)
        }
      }
      var report = EncodingReport()
      var reported = bytes
      if !Codec.requiresImportance(format) {
        encodeWithReport = try rate {
          var destination = reported.mutableSpan
          try Codec.encode(format, weights.span, into: &destination, report: &report)
        }
      }
    }
    var decoded = [Float](repeating: 0, count: weights.count)
    let decode = try rate {
      var destination = decoded.mutableSpan
      try Codec.decode(format, bytes.span.bytes, into: &destination)
    }
    return try CodecRates(
      format: format, encode: encode, encodeWithReport: encodeWithReport, decode: decode, encoded: bytes,
      decoded: Codec.encode(.f32, decoded))
  }

  private func rate(_ body: () throws -> Void) rethrows -> Double {
    var best = Duration.seconds(1000)
    for _ in 0..<roundCount { best = min(best, try clock.measure(body)) }
    let seconds = Double(best.components.seconds) + Double(best.components.attoseconds) * 1e-18
    return Double(weights.count) / seconds / 1e6
  }
}

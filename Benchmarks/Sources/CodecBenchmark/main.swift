import Quantization
import Tensors

// Encodes and decodes normal random weights on one core, in a range that stays in the second-level cache, and prints
// millions of weights per second: the best of several rounds, since everything that disturbs makes it slower.
//
//   codec-benchmark [FORMAT …]        all formats that can be decoded, unless some are named

let elementCount = 1 << 16
let roundCount = 40
let clock = ContinuousClock()

var generator = SystemRandomNumberGenerator()
let values: [Float] = (0..<elementCount).map { _ in
  (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0..<1, using: &generator) } * 0.02
}

/// Keeps results alive, so that the work is not removed as useless.
var consumed = 0

@MainActor
func millionsPerSecond(_ body: () throws -> Void) rethrows -> Double {
  var best = Duration.seconds(1000)
  for _ in 0..<roundCount { best = min(best, try clock.measure(body)) }
  let seconds = Double(best.components.seconds) + Double(best.components.attoseconds) * 1e-18
  return Double(elementCount) / seconds / 1e6
}

func column(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

@MainActor
func measure(_ format: StorageFormat) throws {
  guard let byteCount = format.byteCount(elementCount: elementCount) else { return }
  var bytes = [UInt8](repeating: 0x31, count: byteCount)
  var decoded = [Float](repeating: 0, count: elementCount)
  var encode = "-", report = "-"
  if Codec.canEncode(format) {
    let rate = try millionsPerSecond {
      var destination = bytes.mutableSpan
      try Codec.encode(format, values.span, into: &destination)
    }
    encode = "\(Int(rate))"
    let reportRate = try millionsPerSecond {
      var outcome = EncodingReport()
      var destination = bytes.mutableSpan
      try Codec.encode(format, values.span, into: &destination, report: &outcome)
      consumed &+= outcome.changedCount
    }
    report = "\(Int(reportRate))"
  }
  consumed &+= Int(bytes[elementCount / 64])
  let decode = try millionsPerSecond {
    var destination = decoded.mutableSpan
    try Codec.decode(format, bytes.span.bytes, into: &destination)
  }
  consumed &+= Int(decoded[elementCount / 2].bitPattern)
  let name = format.name + String(repeating: " ", count: max(0, 12 - format.name.count))
  print(name + column(encode, 12) + column(report, 16) + column("\(Int(decode))", 12))
}

let named = CommandLine.arguments.dropFirst().compactMap { StorageFormat(named: $0) }
let formats = named.isEmpty ? StorageFormat.allCases.filter { Codec.canDecode($0) } : named
print("M weights/s       encode   encode+report      decode")
for format in formats { try measure(format) }
if consumed == .min { print(consumed) }

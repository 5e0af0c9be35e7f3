import Bytes
import Quantization
import Tensors

// Encodes and decodes weights on one core, in a range that stays in the second-level cache, and prints millions of weights
// per second: the best of several rounds, since everything that disturbs makes it slower.
//
//   codec-benchmark [--weights FILE] [--importance FILE] [--output FOLDER] [FORMAT …]
//
// FILE holds floats, little-endian (random weights otherwise); those of importance make a row, and encoding weighs elements by
// them. FOLDER gets what was encoded and decoded, as FORMAT.encoded and
// FORMAT.decoded, for comparison with other implementations. Without a FORMAT all are measured.

var formats: [StorageFormat] = []
var weightsPath: String?
var importancePath: String?
var outputFolder: String?
var arguments = CommandLine.arguments.dropFirst().makeIterator()
while let argument = arguments.next() {
  switch argument {
  case "--weights": weightsPath = arguments.next()
  case "--importance": importancePath = arguments.next()
  case "--output": outputFolder = arguments.next()
  default:
    guard let format = StorageFormat(named: argument) else { throw CodecBenchmarkError.unknownFormat(argument) }
    formats.append(format)
  }
}
if formats.isEmpty { formats = StorageFormat.allCases.filter { Codec.canDecode($0) } }

let benchmark = CodecBenchmark(
  weights: try weightsPath.map(CodecBenchmark.readWeights) ?? CodecBenchmark.randomWeights(),
  importance: try importancePath.map(CodecBenchmark.readWeights))
print("format         encode   encode+report      decode   (M weights/s)")
for format in formats {
  let result = try benchmark.measure(format)
  print(result.line)
  if let outputFolder {
    try AtomicFile.write(
      result.encoded, to: Path.join(outputFolder, "\(format.name).encoded"), overwrite: .replace)
    try AtomicFile.write(
      result.decoded, to: Path.join(outputFolder, "\(format.name).decoded"), overwrite: .replace)
  }
}

import Bytes
import Encodings
import Formats
import Quantization
import Tensors
import TestSupport
import Testing

/// One case of fixtures/gptq/matrices.safetensors or fixtures/awq/matrices.safetensors: a matrix that GPTQModel packed,
/// opened with the configuration of the case.
struct PackedFixture: CheckpointReading {
  let name: String
  let encoded: EncodedCheckpoint
  /// What GPTQModel's own layer makes of the codes, in float32.
  private let dequantized: TensorDescriptor

  var checkpoint: Checkpoint { encoded.checkpoint }

  /// - Parameters:
  ///   - quantization: a configuration in place of the case's.
  ///   - file: a file that has the case's tensors too, and no configuration.
  init(_ method: String, _ name: String, quantization replacement: JSON? = nil, in file: String? = nil) throws {
    self.name = name
    let stored = try Checkpoint.open(Fixtures.path(method, "matrices.safetensors"))
    let text = try #require(stored.metadata["configurations"]?.text)
    let quantization = try replacement ?? #require(try JSON(parsing: Array(text.utf8))[name])
    let dequantized = try #require(stored.tensor(TensorName("\(name).dequantized")))
    let own = stored.tensors.filter { $0.name.text.hasPrefix("\(name).") && $0 != dequantized }
    self.dequantized = dequantized
    if let file {
      let alone = try Checkpoint.open(file), own = alone.tensors.filter { $0.name.text.hasPrefix("\(name).") }
      encoded = EncodedCheckpoint(alone.replacing(tensors: own), configuration: nil)
      return
    }
    let configuration = JSON.members(["quantization_config": quantization])
    encoded = EncodedCheckpoint(
      stored.replacing(tensors: own), configuration: quantization.isNull ? nil : configuration)
  }

  func composition() throws -> any TensorComposition {
    try #require(checkpoint.tensor(TensorName("\(name).weight"))?.composition)
  }

  func decoded(_ rows: Range<Int>) throws -> [Float] {
    let composition = try composition()
    var values = [Float](repeating: .nan, count: rows.count * composition.shape.rowElementCount)
    var destination = values.mutableSpan
    try composition.decode(rows: rows, from: self, into: &destination)
    return values
  }

  func expected(_ rows: Range<Int>) throws -> [Float] {
    let width = dequantized.shape.rowElementCount
    var values = [Float](repeating: 0, count: rows.count * width)
    var destination = values.mutableSpan
    try decode(rows.lowerBound * width..<rows.upperBound * width, of: dequantized, into: &destination)
    return values
  }
}

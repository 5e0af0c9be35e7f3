import Bytes
import Encodings
import Formats
import Quantization
import Tensors
import TestSupport
import Testing

/// A matrix that compressed-tensors compressed: a case of fixtures/compressed-tensors/new.safetensors or old.safetensors.
struct CompressedTensorsFixture: CheckpointReading, CustomTestStringConvertible {
  let file: String
  let name: String
  let checkpoint: Checkpoint
  /// The case's format and arguments of weights.
  let facts: JSON

  /// All cases of a file.
  static func cases(_ file: String) throws -> [CompressedTensorsFixture] {
    let checkpoint = try Checkpoint.open(Fixtures.path("compressed-tensors", file))
    let text = try #require(checkpoint.metadata["cases"]?.text)
    let cases = try #require(try JSON(parsing: Array(text.utf8)).object)
    return cases.map { key, facts in
      let tensors = checkpoint.tensors.filter { $0.name.text.hasPrefix(key.text + ".") }
      return CompressedTensorsFixture(
        file: file, name: key.text, checkpoint: checkpoint.replacing(tensors: tensors), facts: facts)
    }
  }

  static func named(_ name: String) throws -> CompressedTensorsFixture {
    let file = name.hasPrefix("old_") || name.hasPrefix("act_order") ? "old.safetensors" : "new.safetensors"
    return try #require(try cases(file).first { $0.name == name })
  }

  var testDescription: String { name }

  /// The configuration that the library would write for the case, with other members if given.
  func configuration(_ members: JSON.Object = [:], weights: JSON.Object = [:]) -> JSON {
    var arguments = facts["weights"]?.object ?? [:]
    for (key, value) in weights { arguments[key] = value }
    let group: JSON = .members([
      "targets": .array([.string("Linear")]), "format": facts["format"] ?? .null, "weights": .object(arguments),
    ])
    var quantization: JSON.Object = [
      ExactString("quant_method"): .string("compressed-tensors"),
      ExactString("config_groups"): .members(["group_0": group]),
      ExactString("format"): facts["format"] ?? .null,
      ExactString("version"): .string(file == "old.safetensors" ? "0.17.1" : "0.20.1"),
    ]
    for (key, value) in members { quantization[key] = value }
    return .members(["quantization_config": .object(quantization)])
  }

  func encoded(_ configuration: JSON? = nil) -> EncodedCheckpoint {
    EncodedCheckpoint(checkpoint, configuration: configuration ?? self.configuration())
  }

  func composition(_ configuration: JSON? = nil) throws -> any TensorComposition {
    let encoded = encoded(configuration)
    if let problem = encoded.problems.first { throw problem }
    return try #require(encoded.checkpoint.tensor(TensorName(name + ".weight"))?.composition)
  }

  /// What the library decompresses.
  var dequantized: TensorDescriptor {
    get throws { try #require(checkpoint.tensor(TensorName(name + ".dequantized"))) }
  }

  func expected(_ rows: Range<Int>) throws -> [Float] {
    let tensor = try dequantized
    let width = tensor.shape.rowElementCount
    var values = [Float](repeating: 0, count: rows.count * width)
    var destination = values.mutableSpan
    try decode(rows.lowerBound * width..<rows.upperBound * width, of: tensor, into: &destination)
    return values
  }

  /// The value as the library rounds it.
  func rounded(_ value: Float) throws -> Float {
    switch try dequantized.format {
    case .f16: return Float(Float16(value))
    case .bf16:
      let bits = value.bitPattern
      return Float(bitPattern: (bits + 0x7FFF + (bits >> 16) & 1) & 0xFFFF_0000)
    default: return value
    }
  }
}

import Bytes
import Encodings
import Formats
import Quantization
import Tensors
import TestSupport
import Testing

/// Matrices that torch encoded and decoded: fixtures/fp8/blocks.safetensors.
@Suite("FP8 weights")
struct FP8DecodingTests {
  static let cases = [
    "published_block", "no_cut", "cut_rows", "cut_columns", "smaller_than_a_block", "groups_of_a_row", "bf16_scales",
    "f16_scales", "one_scale", "one_bf16_scale", "every_code",
  ]

  @Test("decode to torch's values", arguments: cases)
  func values(name: String) throws {
    let fixture = try FP8Fixture(name)
    let composition = try #require(fixture.tensor.composition)
    let shape = composition.shape
    #expect(fixture.tensor.sources.map(\.name.text) == ["\(name).weight", "\(name).weight_scale_inv"])
    for rows in [0..<shape.rowCount, shape.rowCount - 1..<shape.rowCount, shape.rowCount / 3..<shape.rowCount / 2 + 1] {
      var values = [Float](repeating: .nan, count: rows.count * shape.rowElementCount)
      var destination = values.mutableSpan
      try composition.decode(rows: rows, from: fixture, into: &destination)
      let expected = try fixture.expected(rows)
      #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test("describe themselves as compositions")
  func descriptions() throws {
    #expect(try FP8Fixture("published_block").tensor.encoding == "FP8 E4M3, 128 × 128 blocks")
    #expect(try FP8Fixture("one_scale").tensor.encoding == "FP8 E4M3, one scale")
  }
}

/// One case of the fixture, opened as if config.json had its block size.
struct FP8Fixture: CheckpointReading {
  let name: String
  let checkpoint: Checkpoint
  let tensor: TensorDescriptor

  init(_ name: String) throws {
    self.name = name
    let stored = try Checkpoint.open(Fixtures.path("fp8", "blocks.safetensors"))
    let text = try #require(stored.metadata["blocks"]?.text)
    let blocks = try #require(try JSON(parsing: Array(text.utf8))[name])
    let configuration = JSON.members([
      "quantization_config": .members(["quant_method": .string("fp8"), "weight_block_size": blocks])
    ])
    checkpoint = EncodedCheckpoint(stored, configuration: configuration).checkpoint
    tensor = try #require(checkpoint.tensor(TensorName("\(name).weight")))
  }

  /// Torch's values.
  func expected(_ rows: Range<Int>) throws -> [Float] {
    let tensor = try #require(checkpoint.tensor(TensorName("\(name).dequantized")))
    let width = tensor.shape.rowElementCount
    var values = [Float](repeating: 0, count: rows.count * width)
    var destination = values.mutableSpan
    try decode(rows.lowerBound * width..<rows.upperBound * width, of: tensor, into: &destination)
    return values
  }
}

import Bytes
import Encodings
import Formats
import Quantization
import Tensors
import TestSupport
import Testing

/// A checkpoint of fixtures/float-codes, and the numbers and blocks that its library and llama.cpp make of it.
struct FloatCodeFixture: CheckpointReading {
  static let names = [
    "modelopt-nvfp4", "modelopt-fp8", "modelopt-mx", "fbgemm", "mistral", "deepseek-v4", "mxfp8", "gpt-oss", "quark",
  ]

  let encoded: EncodedCheckpoint
  private let expected: Checkpoint

  var checkpoint: Checkpoint { encoded.checkpoint }

  init(_ name: String) throws {
    let folder = Fixtures.path("float-codes", name)
    let stored = try Checkpoint.open(Path.join(folder, "model.safetensors"))
    let files = try ["config.json", "hf_quant_config.json"].map { file -> JSON? in
      guard let bytes = try? LocalFile(Path.join(folder, file)).wholeContent(limit: 1 << 16) else { return nil }
      return try JSON(parsing: bytes)
    }
    var beside = files[1]?.object
    beside?["quant_method"] = .string("modelopt")
    encoded = EncodedCheckpoint(stored, configuration: files[0], quantization: beside.map(JSON.object))
    expected = try Checkpoint.open(Path.join(folder, "expected.safetensors"))
  }

  /// The GGUF with NVFP4 blocks and their scales.
  static func gguf() throws -> FloatCodeFixture {
    try FloatCodeFixture(
      stored: Checkpoint.open(Fixtures.path("float-codes", "scaled.gguf")),
      expected: Checkpoint.open(Fixtures.path("float-codes", "scaled.safetensors")))
  }

  private init(stored: Checkpoint, expected: Checkpoint, configuration: JSON? = nil) {
    encoded = EncodedCheckpoint(stored, configuration: configuration)
    self.expected = expected
  }

  /// A checkpoint of these tensors, of bytes or zeros, without expected values.
  ///
  /// - Parameter quantization: the text of `quantization_config`; nil for no config.json.
  init(_ tensors: [(name: String, format: String, shape: [Int], bytes: [UInt8]?)], _ quantization: String? = nil) throws
  {
    var entries: [String] = [], data: [UInt8] = []
    for tensor in tensors {
      let format = try #require(StorageFormat(named: tensor.format))
      let count = try #require(format.byteCount(elementCount: tensor.shape.reduce(1, *)))
      let bytes = tensor.bytes ?? [UInt8](repeating: 0, count: count)
      entries.append(
        SafeTensorsBytes.entry(tensor.name, format.name, tensor.shape, data.count, data.count + bytes.count))
      data += bytes
    }
    var file = SafeTensorsBytes("{\(entries.joined(separator: ","))}")
    file.data = data
    let tree = MemoryTree(path: "/nowhere/model", ["model.safetensors": file.bytes])
    let configuration = try quantization.map { try JSON(parsing: Array("{\"quantization_config\":\($0)}".utf8)) }
    let stored = try Checkpoint.open(InputLocation(folder: tree, file: tree.open("model.safetensors")))
    self.init(stored: stored, expected: stored, configuration: configuration)
  }

  /// The names of tensors with expected values.
  var names: [String] {
    expected.tensors.map(\.name.text).filter { !$0.hasSuffix(".blocks") && !$0.hasSuffix(".factor") }
  }

  func composition(_ name: String) throws -> any TensorComposition {
    let tensor = try #require(checkpoint.tensor(TensorName(name)))
    return try #require(tensor.composition)
  }

  func expectedValues(_ name: String) throws -> [Float] {
    let tensor = try #require(expected.tensor(TensorName(name)))
    return try FloatCodeFixture.decode(expected, tensor)
  }

  /// The bytes of the expected blocks; nil if there are none.
  func expectedBlocks(_ name: String) throws -> [UInt8]? {
    guard let tensor = expected.tensor(TensorName(name + ".blocks")) else { return nil }
    var bytes: [UInt8] = []
    try expected.read(#require(tensor.byteRange), from: 0, count: tensor.byteCount, into: &bytes)
    return bytes
  }

  func expectedFactor(_ name: String) throws -> [Float] {
    guard let tensor = expected.tensor(TensorName(name + ".factor")) else { return [] }
    return try FloatCodeFixture.decode(expected, tensor)
  }

  func values(_ composition: any TensorComposition, _ rows: Range<Int>) throws -> [Float] {
    var values = [Float](repeating: .nan, count: rows.count * composition.shape.rowElementCount)
    var destination = values.mutableSpan
    try composition.decode(rows: rows, from: self, into: &destination)
    return values
  }

  private static func decode(_ checkpoint: Checkpoint, _ tensor: TensorDescriptor) throws -> [Float] {
    var bytes: [UInt8] = []
    try checkpoint.read(#require(tensor.byteRange), from: 0, count: tensor.byteCount, into: &bytes)
    var values = [Float](repeating: .nan, count: tensor.shape.elementCount)
    var destination = values.mutableSpan
    try Codec.decode(#require(tensor.format), bytes.span.bytes, into: &destination)
    return values
  }

  // MARK: - Reading
}

import Bytes
import Formats
import Quantization
import Tensors
import TestSupport
import Testing

/// Files that llama.cpp's programs of March to May 2023 wrote, and the values that their ggml.c decodes:
/// fixtures/legacy-ggml.
@Suite("Blocks of ggml before GGUF")
struct LegacyBlockTests {
  static let files: [String] = {
    let names = (try? FileSystem.list(Fixtures.path("legacy-ggml", "blocks"))) ?? []
    return names.map { "blocks/\($0)" }
      + ["ggml-q4_0", "ggmf-q4_1", "ggjt1-q4_0", "ggjt2-q5_1", "ggjt3-q4_0"].map { "models/\($0).bin" }
  }()

  private static func expected(_ file: String) throws -> JSON.Object {
    try #require(Fixtures.json("legacy-ggml", "expected.json")[file]?.object)
  }

  @Test("decode to the values of the ggml.c that wrote them", arguments: files)
  func values(file: String) throws {
    let reader = try LegacyReader(file), expected = try Self.expected(file)
    #expect(reader.checkpoint.tensors.count == expected.count)
    for (name, facts) in expected {
      let tensor = try #require(reader.checkpoint.tensor(TensorName(name.text)))
      #expect(tensor.shape.dimensions == facts["shape"]?.array?.compactMap(\.integer))
      let values = try reader.values(of: tensor, rows: 0..<tensor.shape.rowCount)
      #expect(values.crc32 == facts["crc32"]?.integer, "\(file): \(name.text)")
      let middle = tensor.shape.rowCount / 3..<tensor.shape.rowCount / 2 + 1, width = tensor.shape.rowElementCount
      let some = try reader.values(of: tensor, rows: middle)
      #expect(some.map(\.bitPattern) == values[middle.lowerBound * width..<middle.upperBound * width].map(\.bitPattern))
    }
  }

  @Test("become blocks of today exactly where scales are halves", arguments: files)
  func successors(file: String) throws {
    let reader = try LegacyReader(file)
    var exactCount = 0, otherCount = 0
    for (name, facts) in try Self.expected(file) {
      guard let wanted = facts["successor"] else { continue }
      let tensor = try #require(reader.checkpoint.tensor(TensorName(name.text)))
      // Blocks of five bits did not change after 12 May 2023.
      guard let composition = tensor.composition else {
        #expect(tensor.format?.name == facts["format"]?.string)
        continue
      }
      guard let format = composition.candidateFormats.first else {
        #expect(wanted.isNull && composition.repackingObstacle != nil)
        continue
      }
      #expect(format.name == facts["format"]?.string)
      let blocks = try #require(composition.blocks(in: format))
      #expect(try blocks.isExact(from: reader) == !wanted.isNull, "\(file): \(name.text)")
      guard let sum = wanted.integer else {
        otherCount += 1
        continue
      }
      exactCount += 1
      let rowCount = tensor.shape.rowCount
      var bytes = [UInt8](
        repeating: 0, count: try #require(format.byteCount(elementCount: tensor.shape.elementCount)))
      var destination = bytes.mutableSpan
      try blocks.read(rows: 0..<rowCount, from: reader, into: &destination)
      var crc = CRC32()
      crc.update(bytes.span.bytes)
      #expect(Int(crc.value) == sum, "\(file): \(name.text)")
      let values = try Codec.decode(format, bytes, elementCount: tensor.shape.elementCount)
      #expect(values.crc32 == facts["crc32"]?.integer)
    }
    if file.hasPrefix("blocks/"), !file.contains("ggjt3"), !file.contains("q4_2"), !file.contains("q4_3"),
      !file.contains("ggjt2-q5")
    {
      #expect(exactCount > 0)
      #expect(otherCount > 0 || file.contains("q5"))
    }
  }

  @Test("of the last revision are formats of today, byte for byte")
  func current() throws {
    for file in Self.files where file.contains("ggjt3") {
      let reader = try LegacyReader(file)
      #expect(reader.checkpoint.tensors.allSatisfy { $0.composition == nil && $0.format != nil })
      #expect(reader.checkpoint.tensors.contains { $0.format?.isQuantized == true })
    }
  }

  @Test("say in words how they are stored")
  func descriptions() throws {
    func words(_ file: String) throws -> String? {
      try LegacyReader("blocks/\(file).bin").checkpoint.tensor("layers.0.attention.wq.weight")?.encoding
    }
    #expect(try words("ggml-rows-q4_1") == "Q4_1 of 2023 (F32 scales, adjacent codes in a byte, scales of a row first)")
    #expect(try words("ggml-q4_0") == "Q4_0 of 2023 (F32 scales, adjacent codes in a byte)")
    #expect(try words("ggjt1-q5_0") == "Q5_0 of 2023 (F16 scales, adjacent codes in a byte)")
    #expect(try words("ggjt1-q8_0") == "Q8_0 of 2023 (F32 scales)")
    #expect(try words("ggjt2-q4_1") == "Q4_1 of 2023 (F32 scales, codes 16 apart)")
    #expect(try words("ggjt2-q5_1") == "Q5_1")
    #expect(
      try LegacyReader("models/ggmf-q4_1.bin").checkpoint.tensor("layers.0.attention.wo.weight")?.encoding
        == "Q4_1 of 2023 (F32 scales, adjacent codes in a byte) in 2 parts, joined by columns")
  }
}

/// Reads a file of fixtures/legacy-ggml.
struct LegacyReader: StoredTensorReader {
  let checkpoint: Checkpoint

  init(_ file: String) throws { checkpoint = try Checkpoint.open(Fixtures.path("legacy-ggml", file)) }

  func values(of tensor: TensorDescriptor, rows: Range<Int>) throws -> [Float] {
    let width = tensor.shape.rowElementCount
    var values = [Float](repeating: .nan, count: rows.count * width)
    var destination = values.mutableSpan
    try decode(rows.lowerBound * width..<rows.upperBound * width, of: tensor, into: &destination)
    return values
  }

  func bytes(of tensor: TensorDescriptor, from offset: Int, count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try checkpoint.read(#require(tensor.byteRange), from: offset, count: count, into: &bytes)
    return Array(bytes.prefix(count))
  }

  func decode(_ elements: Range<Int>, of tensor: TensorDescriptor, into values: inout MutableSpan<Float>) throws {
    let width = tensor.shape.rowElementCount
    if let composition = tensor.composition {
      return try composition.decode(
        rows: elements.lowerBound / width..<elements.upperBound / width, from: self, into: &values)
    }
    let format = try #require(tensor.format)
    let first = try #require(format.byteCount(elementCount: elements.lowerBound))
    let byteCount = try #require(format.byteCount(elementCount: elements.count))
    let stored = try bytes(of: tensor, from: first, count: byteCount)
    try Codec.decode(format, stored.span.bytes, into: &values)
  }
}

extension [Float] {
  /// The CRC-32 of the little-endian bytes.
  fileprivate var crc32: Int {
    var crc = CRC32()
    let words = map { $0.bitPattern.littleEndian }
    crc.update(words.span.bytes)
    return Int(crc.value)
  }
}

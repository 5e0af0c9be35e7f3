import Quantization
import Tensors
import Testing

/// Reads the stored tensors of a fixture's checkpoint for its compositions.
protocol CheckpointReading: StoredTensorReader {
  var checkpoint: Checkpoint { get }
}

extension CheckpointReading {
  func bytes(of tensor: TensorDescriptor, from offset: Int, count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try checkpoint.read(#require(tensor.byteRange), from: offset, count: count, into: &bytes)
    return Array(bytes.prefix(count))
  }

  func decode(_ elements: Range<Int>, of tensor: TensorDescriptor, into values: inout MutableSpan<Float>) throws {
    let format = try #require(tensor.format)
    let start = try #require(format.byteCount(elementCount: elements.lowerBound))
    let count = try #require(format.byteCount(elementCount: elements.count))
    let stored = try bytes(of: tensor, from: start, count: count)
    try Codec.decode(format, stored.span.bytes, into: &values)
  }

  /// The values of rows of a composition.
  func values(of composition: any TensorComposition, _ rows: Range<Int>) throws -> [Float] {
    var values = [Float](repeating: .nan, count: rows.count * composition.shape.rowElementCount)
    var destination = values.mutableSpan
    try composition.decode(rows: rows, from: self, into: &destination)
    return values
  }

  /// Rows of a composition in a block format.
  func blocks(of composition: any TensorComposition, _ rows: Range<Int>, in format: StorageFormat) throws -> [UInt8] {
    let source = try #require(composition.blocks(in: format))
    let count = try #require(format.byteCount(elementCount: rows.count * composition.shape.rowElementCount))
    var bytes = [UInt8](repeating: 0xEE, count: count)
    var destination = bytes.mutableSpan
    try source.read(rows: rows, from: self, into: &destination)
    return bytes
  }
}

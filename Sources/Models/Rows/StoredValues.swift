import Quantization
import Tensors

extension Checkpoint {
  /// Decodes elements of a tensor, which must be whole blocks, into the head of `buffers.values`.
  public func readValues(
    _ elements: Range<Int>, of tensor: TensorDescriptor, into buffers: inout RowBuffers
  ) throws {
    try readValues(elements, of: tensor, into: &buffers.values, scratch: &buffers.bytes)
  }

  /// Decodes elements of a tensor, which must be whole blocks, into the head of `values`; `bytes` is scratch space.
  func readValues(
    _ elements: Range<Int>, of tensor: TensorDescriptor, into values: inout DecodedValues, scratch bytes: inout [UInt8]
  ) throws {
    switch tensor.contents {
    case .bytes(let declared, let range):
      guard let format = declared.format else {
        throw TensorProblem(tensor, .unknownFormat(declared.description))
      }
      let offset = format.byteCount(elementCount: elements.lowerBound) ?? 0
      try read(range, from: offset, count: format.byteCount(elementCount: elements.count) ?? 0, into: &bytes)
      try values.decode(format, bytes, elementCount: elements.count)
    case .composed(let composition):
      try read(elements, of: composition, into: &values)
    }
  }

  /// Decodes the rows that contain `elements`.
  private func read(
    _ elements: Range<Int>, of composition: any TensorComposition, into values: inout DecodedValues
  ) throws {
    let width = composition.shape.rowElementCount
    guard width > 0, !elements.isEmpty else { return }
    let rows = elements.lowerBound / width..<(elements.upperBound + width - 1) / width
    values.prepare(rows.count * width)
    var destination = values.floats.mutableSpan
    try composition.decode(rows: rows, from: SourceTensorReader(checkpoint: self), into: &destination)
    let head = elements.lowerBound - rows.lowerBound * width
    if head > 0 { values.floats.removeFirst(head) }
  }
}

/// Reads the source tensors of compositions.
struct SourceTensorReader: StoredTensorReader {
  let checkpoint: Checkpoint

  func bytes(of tensor: TensorDescriptor, from offset: Int, count: Int) throws -> [UInt8] {
    guard let range = tensor.byteRange else { return [] }
    var bytes: [UInt8] = []
    try checkpoint.read(range, from: offset, count: count, into: &bytes)
    return bytes
  }

  func decode(_ elements: Range<Int>, of tensor: TensorDescriptor, into values: inout MutableSpan<Float>) throws {
    guard let format = tensor.format else {
      throw TensorProblem(tensor, .unknownFormat(tensor.declaredFormat.description))
    }
    let offset = format.byteCount(elementCount: elements.lowerBound) ?? 0
    let stored = try bytes(of: tensor, from: offset, count: format.byteCount(elementCount: elements.count) ?? 0)
    try Codec.decode(format, stored.span.bytes, into: &values)
  }
}

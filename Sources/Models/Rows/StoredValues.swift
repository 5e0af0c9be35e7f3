import Bytes
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
    guard count > 0 else { return [] }
    guard let range = tensor.byteRange else { return try composedBytes(of: tensor, from: offset, count: count) }
    var bytes: [UInt8] = []
    try checkpoint.read(range, from: offset, count: count, into: &bytes)
    return bytes
  }

  func read(_ ranges: StridedRanges, of tensor: TensorDescriptor, into bytes: inout [UInt8]) throws {
    if let range = tensor.byteRange {
      return try checkpoint.read(
        range, ranges: ranges.count, of: ranges.byteCount, from: ranges.offset, stride: ranges.stride, into: &bytes,
        at: 0)
    }
    guard ranges.totalByteCount > 0 else { return }
    // One read of all, since each one reads whole rows.
    let spanned = (ranges.count - 1) * ranges.stride + ranges.byteCount
    let all = try composedBytes(of: tensor, from: ranges.offset, count: spanned)
    if bytes.count < ranges.totalByteCount { bytes = [UInt8](repeating: 0, count: ranges.totalByteCount) }
    for index in 0..<ranges.count {
      let first = index * ranges.stride, target = index * ranges.byteCount
      bytes.replaceSubrange(target..<target + ranges.byteCount, with: all[first..<first + ranges.byteCount])
    }
  }

  /// Bytes of a source that is itself a view of stored bytes.
  private func composedBytes(of tensor: TensorDescriptor, from offset: Int, count: Int) throws -> [UInt8] {
    guard let composition = tensor.composition, let source = composition.blocks(in: composition.valueFormat),
      let rowByteCount = composition.valueFormat.byteCount(elementCount: composition.shape.rowElementCount),
      rowByteCount > 0
    else { return [UInt8](repeating: 0, count: count) }
    let rows = offset / rowByteCount..<(offset + count + rowByteCount - 1) / rowByteCount
    var bytes = [UInt8](repeating: 0, count: rows.count * rowByteCount)
    var destination = bytes.mutableSpan
    try source.read(rows: rows, from: self, into: &destination)
    let first = offset - rows.lowerBound * rowByteCount
    return Array(bytes[first..<first + count])
  }

  func decode(_ elements: Range<Int>, of tensor: TensorDescriptor, into values: inout MutableSpan<Float>) throws {
    guard let format = tensor.format else {
      throw TensorProblem(tensor, .unknownFormat(tensor.declaredFormat.description))
    }
    if tensor.composition != nil, !elements.isEmpty {
      var decoded = DecodedValues(), scratch: [UInt8] = []
      try checkpoint.readValues(elements, of: tensor, into: &decoded, scratch: &scratch)
      for index in 0..<elements.count { values[index] = decoded.floats[index] }
      return
    }
    let offset = format.byteCount(elementCount: elements.lowerBound) ?? 0
    let stored = try bytes(of: tensor, from: offset, count: format.byteCount(elementCount: elements.count) ?? 0)
    try Codec.decode(format, stored.span.bytes, into: &values)
  }
}

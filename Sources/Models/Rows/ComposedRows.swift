import Tensors

/// Rows of a tensor that several stored tensors encode together, in the order in which they are encoded.
struct ComposedRows: RowSource {
  let checkpoint: Checkpoint
  let composition: any TensorComposition
  let rowElementCount: Int

  var format: StorageFormat? { nil }
  var copyRanges: [TensorCopyRange]? { nil }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) {}

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    buffers.values.prepare(rows.count * rowElementCount)
    var destination = buffers.values.floats.mutableSpan
    try composition.decode(rows: rows, from: SourceTensorReader(checkpoint: checkpoint), into: &destination)
  }

  var candidateFormats: [StorageFormat] { composition.candidateFormats }

  func exactFormat(_ format: StorageFormat) throws -> ExactFormat? {
    let reader = SourceTensorReader(checkpoint: checkpoint)
    guard try composition.isExact(in: format, from: reader) else { return nil }
    return ExactFormat(format: format, factors: try composition.blocks(in: format)?.factors(from: reader) ?? [])
  }

  func readBlocks(_ rows: Range<Int>, in format: StorageFormat, into buffers: inout RowBuffers) throws {
    guard let blocks = composition.blocks(in: format) else { return }
    let byteCount = format.byteCount(elementCount: rows.count * rowElementCount) ?? 0
    if buffers.bytes.count < byteCount { buffers.bytes = [UInt8](repeating: 0, count: byteCount) }
    var destination = buffers.bytes.mutableSpan
    try blocks.read(rows: rows, from: SourceTensorReader(checkpoint: checkpoint), into: &destination)
  }
}

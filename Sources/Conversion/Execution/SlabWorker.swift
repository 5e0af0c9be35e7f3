import Bytes
import Models
import Quantization
import Tensors

/// The buffers of one thread, reused from slab to slab.
struct SlabWorker {
  private var rows = RowBuffers()
  private var encoded: [UInt8] = []
  /// The detail of the reports.
  let detail: EncodingReport.Detail

  init(detail: EncodingReport.Detail) { self.detail = detail }

  /// Reads, transforms, encodes and writes one slab; returns the errors of encoding, if there can be any.
  mutating func run(_ slab: Slab, of tensor: PlannedTensor, to file: some PositionalOutput) throws -> EncodingReport? {
    let offset = tensor.fileOffset + slab.byteOffset
    switch tensor.source {
    case .values(let values):
      try file.write(Codec.encode(tensor.format, values), at: offset)
      return nil
    case .rows(let reader):
      if reader.rows.format == tensor.format {
        try reader.rows.readBytes(slab.rows, into: &rows)
      } else if tensor.isRepacked {
        try reader.rows.readBlocks(slab.rows, in: tensor.format, into: &rows)
      } else {
        do {
          return try encode(slab, of: tensor, reader, to: file, at: offset)
        } catch CodecError.nonfinite(_, let index, _) {
          throw Self.nonfinite(slab.rows.lowerBound * reader.geometry.rowElementCount + index, of: tensor, reader)
        }
      }
      try file.write(rows.bytes.span.bytes.extracting(first: slab.byteCount), at: offset)
      return nil
    }
  }

  /// Encodes and writes rows that are stored in another format, or decoded on the way.
  private mutating func encode(
    _ slab: Slab, of tensor: PlannedTensor, _ reader: RowReader, to file: some PositionalOutput, at offset: Int
  ) throws -> EncodingReport? {
    let elementCount = slab.rows.count * reader.geometry.rowElementCount
    let importance = try tensor.importance?.columns(
      ofExpert: slab.rows.lowerBound / tensor.shape.expertRowCount, of: tensor.shape.expertCount)
    let storedFormat = importance == nil && tensor.format != .f32 ? reader.rows.format : nil
    if storedFormat == nil {
      try reader.rows.readValues(slab.rows, into: &rows)
      if tensor.format == .f32, rows.values.isExact {
        let floats = rows.values.floats.span.extracting(first: elementCount)
        // Floats are written as they are, so only NaN and infinity can be wrong with them.
        if let index = Codec.firstNonfinite(floats) {
          throw CodecError.nonfinite(.f32, elementIndex: index, value: floats[index])
        }
        try file.write(floats.bytes, at: offset)
        return nil
      }
    } else {
      try reader.rows.readBytes(slab.rows, into: &rows)
    }
    var report = EncodingReport(detail)
    if encoded.count < slab.byteCount { encoded = [UInt8](repeating: 0, count: slab.byteCount) }
    try Self.encode(
      rows, storedFormat, elementCount, as: tensor.format, importance: importance, into: &encoded, report: &report)
    try file.write(encoded.span.bytes.extracting(first: slab.byteCount), at: offset)
    return report
  }

  /// Encodes the rows that were read: bytes in `storedFormat`, or values if it is nil.
  private static func encode(
    _ rows: RowBuffers, _ storedFormat: StorageFormat?, _ elementCount: Int, as format: StorageFormat,
    importance: [Float]?, into encoded: inout [UInt8], report: inout EncodingReport
  ) throws(CodecError) {
    var destination = encoded.mutableSpan
    if let storedFormat {
      let stored = rows.bytes.span.bytes.extracting(first: storedFormat.byteCount(elementCount: elementCount) ?? 0)
      try Codec.convert(storedFormat, stored, to: format, into: &destination, report: &report)
    } else {
      try Codec.encode(
        format, rows.values, elementCount: elementCount, importance: importance, into: &destination, report: &report)
    }
  }

  /// The error of the element `index` of a tensor, in the order of the output.
  private static func nonfinite(_ index: Int, of tensor: PlannedTensor, _ reader: RowReader) -> LocatedError {
    let (row, column) = index.quotientAndRemainder(dividingBy: max(1, tensor.shape.rowElementCount))
    let source = reader.sources[0].descriptor
    return LocatedError(
      path: reader.file(of: source).path,
      reason: TensorProblem(source, .nonfinite(row: row, column: column, format: tensor.format)))
  }
}

import Bytes
import Models
import Quantization
import Tensors

/// The buffers of one thread, reused from slab to slab.
struct SlabWorker {
  private var rows = RowBuffers()
  private var encoded: [UInt8] = []
  /// What is kept of the errors.
  let detail: EncodingReport.Detail

  init(detail: EncodingReport.Detail) { self.detail = detail }

  /// Reads, transforms, encodes and writes one slab; returns the errors of encoding, if there can be any.
  mutating func run(_ slab: Slab, of tensor: PlannedTensor, to file: AtomicFile) throws -> EncodingReport? {
    let offset = tensor.fileOffset + slab.byteOffset
    switch tensor.source {
    case .values(let values):
      try file.write(Codec.encode(tensor.format, values), at: offset)
      return nil
    case .rows(let reader):
      if reader.rows.format == tensor.format {
        try reader.rows.readBytes(slab.rows, into: &rows)
        try file.write(rows.bytes.span.bytes.extracting(first: slab.byteCount), at: offset)
        return nil
      }
      if reader.rows.offersBlocks(in: tensor.format) {
        try reader.rows.readBlocks(slab.rows, in: tensor.format, into: &rows)
        try file.write(rows.bytes.span.bytes.extracting(first: slab.byteCount), at: offset)
        return nil
      }
      do {
        return try encode(slab, of: tensor, reader, to: file, at: offset)
      } catch CodecError.nonfinite(_, let index, _) {
        let first = slab.rows.lowerBound * reader.geometry.rowElementCount + index
        let (row, column) = first.quotientAndRemainder(dividingBy: max(1, tensor.shape.rowElementCount))
        throw LocatedError(
          path: reader.file(of: reader.sources[0].descriptor).path,
          fact: TensorProblem(
            reader.sources[0].descriptor, .nonfinite(row: row, column: column, format: tensor.format)))
      }
    }
  }

  /// Encodes rows that are stored in another format, or decoded on the way.
  private mutating func encode(
    _ slab: Slab, of tensor: PlannedTensor, _ reader: RowReader, to file: AtomicFile, at offset: Int
  ) throws -> EncodingReport? {
    let elementCount = slab.rows.count * reader.geometry.rowElementCount
    var report = EncodingReport(detail)
    let importance = try tensor.importance?.columns(
      ofExpert: slab.rows.lowerBound / tensor.shape.expertRowCount, of: tensor.shape.expertCount)
    if encoded.count < slab.byteCount { encoded = [UInt8](repeating: 0, count: slab.byteCount) }
    if importance == nil, tensor.format != .f32, let format = reader.rows.format {
      try reader.rows.readBytes(slab.rows, into: &rows)
      try Self.convert(rows.bytes, format, elementCount, to: tensor.format, into: &encoded, report: &report)
    } else {
      try reader.rows.readValues(slab.rows, into: &rows)
      if tensor.format == .f32, rows.values.isExact {
        try Self.write(rows.values.floats.span.extracting(first: elementCount), to: file, at: offset)
        return nil
      }
      try Self.encode(
        rows.values, elementCount, as: tensor.format, importance: importance, into: &encoded, report: &report)
    }
    try file.write(encoded.span.bytes.extracting(first: slab.byteCount), at: offset)
    return report
  }

  private static func convert(
    _ bytes: [UInt8], _ source: StorageFormat, _ elementCount: Int, to format: StorageFormat,
    into encoded: inout [UInt8], report: inout EncodingReport
  ) throws(CodecError) {
    var destination = encoded.mutableSpan
    let stored = bytes.span.bytes.extracting(first: source.byteCount(elementCount: elementCount) ?? 0)
    try Codec.convert(source, stored, to: format, into: &destination, report: &report)
  }

  private static func encode(
    _ values: DecodedValues, _ elementCount: Int, as format: StorageFormat, importance: [Float]?,
    into encoded: inout [UInt8], report: inout EncodingReport
  ) throws(CodecError) {
    var destination = encoded.mutableSpan
    try Codec.encode(
      format, values, elementCount: elementCount, importance: importance, into: &destination, report: &report)
  }

  /// Values that F32 holds, of which only NaN and infinity are refused.
  private static func write(_ values: Span<Float>, to file: AtomicFile, at offset: Int) throws {
    if let index = Codec.firstNonfinite(values) {
      throw CodecError.nonfinite(.f32, elementIndex: index, value: values[index])
    }
    try file.write(values.bytes, at: offset)
  }
}

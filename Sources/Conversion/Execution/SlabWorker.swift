import Bytes
import Models
import Quantization
import Tensors

/// The buffers of one thread, reused from slab to slab.
struct SlabWorker {
  private var stored: [UInt8] = []
  private var scratch: [UInt8] = []
  private var values: [Float] = []
  private var encoded: [UInt8] = []
  /// What is kept of the errors.
  let detail: EncodingReport.Detail

  init(detail: EncodingReport.Detail) { self.detail = detail }

  /// Reads, transforms, encodes and writes one slab; returns the errors of encoding, if there can be any.
  mutating func run(_ slab: Slab, of tensor: PlannedTensor, to file: AtomicFile) throws -> EncodingReport? {
    let target = tensor.fileOffset + slab.byteOffset
    switch tensor.source {
    case .values(let values):
      try file.write(Codec.encode(tensor.format, values), at: target)
      return nil
    case .rows(let reader):
      try reader.read(slab.rows, into: &stored, scratch: &scratch)
      let storedByteCount = slab.rows.count * reader.rowByteCount
      guard reader.format != tensor.format else {
        try file.write(stored.span.bytes.extracting(first: storedByteCount), at: target)
        return nil
      }
      return try Self.encode(
        stored, storedByteCount, slab, tensor, reader, EncodingReport(detail), values: &values, encoded: &encoded,
        to: file, at: target)
    }
  }

  private static func encode(
    _ stored: [UInt8], _ storedByteCount: Int, _ slab: Slab, _ tensor: PlannedTensor, _ reader: RowReader,
    _ report: EncodingReport, values: inout [Float], encoded: inout [UInt8], to file: AtomicFile, at target: Int
  ) throws -> EncodingReport? {
    let elementCount = slab.rows.count * reader.geometry.rowElementCount
    if values.count < elementCount { values = [Float](repeating: 0, count: elementCount) }
    if encoded.count < slab.byteCount { encoded = [UInt8](repeating: 0, count: slab.byteCount) }
    var decoded = values.mutableSpan
    try Codec.decode(reader.format, stored.span.bytes.extracting(first: storedByteCount), into: &decoded)
    let isExact = tensor.format == .f32 && reader.format != .f64
    var report = report
    let importance = try tensor.importance?.columns(
      ofExpert: slab.rows.lowerBound / tensor.shape.expertRowCount, of: tensor.shape.expertCount)
    do throws(CodecError) {
      let source = values.span.extracting(first: elementCount)
      var destination = encoded.mutableSpan
      if let importance {
        try Codec.encode(tensor.format, source, importance: importance.span, into: &destination, report: &report)
      } else if isExact {
        try Codec.encode(tensor.format, source, into: &destination)
        if let index = Codec.firstNonfinite(source) {
          throw .nonfinite(tensor.format, elementIndex: index, value: source[index])
        }
      } else {
        try Codec.encode(tensor.format, source, into: &destination, report: &report)
      }
    } catch .nonfinite(_, let index, _) {
      let first = slab.rows.lowerBound * reader.geometry.rowElementCount + index
      let (row, column) = first.quotientAndRemainder(dividingBy: max(1, tensor.shape.rowElementCount))
      throw LocatedError(
        path: reader.file(of: reader.sources[0].descriptor).path,
        fact: TensorProblem(
          reader.sources[0].descriptor, .nonfinite(row: row, column: column, format: tensor.format)))
    }
    try file.write(encoded.span.bytes.extracting(first: slab.byteCount), at: target)
    return isExact ? nil : report
  }
}

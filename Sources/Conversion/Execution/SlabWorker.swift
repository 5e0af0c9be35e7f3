import Bytes
import Models
import Quantization
import Tensors

/// A slab of one output, and the file that gets it.
struct SlabTarget {
  let slab: Slab
  let tensor: PlannedTensor
  let output: any PositionalOutput

  /// The facts that decide the bytes that rows become.
  struct Encoding: Hashable {
    let format: StorageFormat
    let isRepacked: Bool
    /// The importance matrix and its entry; nil where columns are weighted equally.
    let importance: [String]?
  }

  var encoding: Encoding {
    Encoding(
      format: tensor.format, isRepacked: tensor.isRepacked,
      importance: tensor.importance.map { [$0.matrix.path, $0.entry.name.text] })
  }
}

/// The buffers of one thread, reused from slab to slab.
struct SlabWorker {
  private var rows = RowBuffers()
  private var encoded: [UInt8] = []
  /// Whether `rows` has the bytes, and the values, of the current slab.
  private var hasBytes = false, hasValues = false
  /// The detail of the reports.
  let detail: EncodingReport.Detail

  init(detail: EncodingReport.Detail) { self.detail = detail }

  /// The buffer that has the bytes of an output.
  private enum Product { case bytes, values, encoded }

  /// Reads and decodes the rows of a slab, which all `targets` have, and writes each of them; equal encodings are made once.
  ///
  /// - Returns: for each target the errors of encoding, if there can be any, or the reason why it was not written.
  mutating func run(_ targets: [SlabTarget]) -> [Result<EncodingReport?, any Error>] {
    (hasBytes, hasValues) = (false, false)
    let encodings = targets.map(\.encoding)
    let isShared = Set(encodings).count > 1
    var results = [Result<EncodingReport?, any Error>?](repeating: nil, count: targets.count)
    for index in targets.indices where results[index] == nil {
      let equal = targets.indices.filter { encodings[$0] == encodings[index] }
      do {
        let (product, report) = try make(targets[index].slab, of: targets[index].tensor, isShared: isShared)
        for index in equal {
          results[index] = Result {
            try write(product, to: targets[index])
            return report
          }
        }
      } catch {
        for index in equal { results[index] = .failure(error) }
      }
    }
    return results.map { $0 ?? .success(nil) }
  }

  private func write(_ product: Product, to target: SlabTarget) throws {
    let count = target.slab.byteCount, offset = target.tensor.fileOffset + target.slab.byteOffset
    switch product {
    case .bytes: try target.output.write(rows.bytes.span.bytes.extracting(first: count), at: offset)
    case .values: try target.output.write(rows.values.floats.span.bytes.extracting(first: count), at: offset)
    case .encoded: try target.output.write(encoded.span.bytes.extracting(first: count), at: offset)
    }
  }

  /// Makes the bytes of one slab; returns the errors of encoding, if there can be any.
  private mutating func make(
    _ slab: Slab, of tensor: PlannedTensor, isShared: Bool
  ) throws -> (Product, EncodingReport?) {
    guard case .rows(let reader) = tensor.source else {
      if case .values(let values) = tensor.source { encoded = try Codec.encode(tensor.format, values) }
      return (.encoded, nil)
    }
    if reader.rows.format == tensor.format {
      try readBytes(slab.rows, reader)
      return (.bytes, nil)
    }
    if tensor.isRepacked {
      (hasBytes, hasValues) = (false, false)
      try reader.rows.readBlocks(slab.rows, in: tensor.format, into: &rows)
      return (.bytes, nil)
    }
    do {
      return try encode(slab, of: tensor, reader, isShared: isShared)
    } catch CodecError.nonfinite(_, let index, _) {
      throw Self.nonfinite(slab.rows.lowerBound * reader.geometry.rowElementCount + index, of: tensor, reader)
    }
  }

  /// Encodes rows that are stored in another format, or decoded on the way.
  private mutating func encode(
    _ slab: Slab, of tensor: PlannedTensor, _ reader: RowReader, isShared: Bool
  ) throws -> (Product, EncodingReport?) {
    let elementCount = slab.rows.count * reader.geometry.rowElementCount
    let importance = try tensor.importance?.columns(
      ofExpert: slab.rows.lowerBound / tensor.shape.expertRowCount, of: tensor.shape.expertCount)
    // One encoding alone converts batches that stay in the first-level cache.
    let storedFormat = importance == nil && tensor.format != .f32 && !isShared ? reader.rows.format : nil
    if storedFormat == nil {
      try readValues(slab.rows, reader, elementCount)
      if tensor.format == .f32, rows.values.isExact {
        let floats = rows.values.floats.span.extracting(first: elementCount)
        // Floats are written as they are, so only NaN and infinity can be wrong with them.
        if let index = Codec.firstNonfinite(floats) {
          throw CodecError.nonfinite(.f32, elementIndex: index, value: floats[index])
        }
        return (.values, nil)
      }
    } else {
      try readBytes(slab.rows, reader)
    }
    var report = EncodingReport(detail)
    if encoded.count < slab.byteCount { encoded = [UInt8](repeating: 0, count: slab.byteCount) }
    try Self.encode(
      rows, storedFormat, elementCount, as: tensor.format, importance: importance, into: &encoded, report: &report)
    return (.encoded, report)
  }

  private mutating func readBytes(_ range: Range<Int>, _ reader: RowReader) throws {
    guard !hasBytes else { return }
    try reader.rows.readBytes(range, into: &rows)
    (hasBytes, hasValues) = (true, false)
  }

  private mutating func readValues(_ range: Range<Int>, _ reader: RowReader, _ elementCount: Int) throws {
    guard !hasValues else { return }
    if let format = reader.rows.format {
      try readBytes(range, reader)
      try rows.values.decode(format, rows.bytes, elementCount: elementCount)
    } else {
      try reader.rows.readValues(range, into: &rows)
      hasBytes = false
    }
    hasValues = true
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

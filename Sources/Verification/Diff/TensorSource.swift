import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// A tensor that is read a slab at a time: as stored in the file, or as its canonical rows.
struct TensorSource: Sendable {
  let descriptor: TensorDescriptor
  let format: StorageFormat
  /// Elements that must be read together: a block, or a row where rows are gathered.
  let unitElementCount: Int
  private let checkpoint: Checkpoint
  /// Nil if the bytes are read as stored.
  private let reader: RowReader?

  /// - Throws: `TensorProblem` if the format is unknown or the byte order is big-endian.
  init(_ checkpoint: Checkpoint, _ descriptor: TensorDescriptor, _ reader: RowReader?) throws(TensorProblem) {
    guard let format = descriptor.format else {
      throw TensorProblem(descriptor, .unknownFormat(descriptor.declaredFormat.description))
    }
    if checkpoint.containerFacts["byteOrder"] == ByteOrder.bigEndian.rawValue {
      throw TensorProblem(descriptor, .bigEndian)
    }
    self.checkpoint = checkpoint
    self.descriptor = descriptor
    if let reader, !reader.isStoredAsIs, reader.geometry.rowElementCount > 0 {
      self.format = reader.format
      self.reader = reader
      unitElementCount = reader.geometry.rowElementCount
    } else {
      self.format = format
      self.reader = nil
      unitElementCount =
        descriptor.composition == nil ? format.elementsPerBlock : max(1, descriptor.shape.rowElementCount)
    }
  }

  /// Whether there are no bytes to compare, only values.
  var isDecoded: Bool { reader.map { $0.rows.format == nil } ?? (descriptor.composition != nil) }

  /// Reads `elements`, which begin and end at units: into `buffers.values` if `isDecoded`, otherwise `buffers.bytes`.
  func read(_ elements: Range<Int>, into buffers: inout RowBuffers) throws {
    guard let reader else {
      guard let range = descriptor.byteRange else {
        return try checkpoint.readValues(elements, of: descriptor, into: &buffers)
      }
      let start = elements.lowerBound / format.elementsPerBlock * format.bytesPerBlock
      return try checkpoint.read(range, from: start, count: byteCount(elements), into: &buffers.bytes)
    }
    let width = reader.geometry.rowElementCount
    let rows = elements.lowerBound / width..<elements.upperBound / width
    if isDecoded {
      try reader.rows.readValues(rows, into: &buffers)
    } else {
      try reader.rows.readBytes(rows, into: &buffers)
    }
  }

  /// Decodes `elements`, which begin and end at units, into `buffers.values`.
  func readValues(_ elements: Range<Int>, into buffers: inout RowBuffers) throws {
    try read(elements, into: &buffers)
    if !isDecoded { try buffers.values.decode(format, buffers.bytes, elementCount: elements.count) }
  }

  /// The bytes of `elements` in `format`.
  func byteCount(_ elements: Range<Int>) -> Int { elements.count / format.elementsPerBlock * format.bytesPerBlock }
}

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
    if let reader, !reader.isCopy {
      self.format = reader.format
      self.reader = reader
      unitElementCount = max(1, reader.geometry.rowElementCount)
    } else {
      self.format = format
      self.reader = nil
      unitElementCount = format.elementsPerBlock
    }
  }

  /// Reads the bytes of `elements`, whole units, into the start of `slab`; returns their number.
  func read(
    _ elements: Range<Int>, into slab: inout [UInt8], scratch: inout [UInt8]
  ) throws -> Int {
    guard let reader, reader.geometry.rowElementCount > 0 else {
      let start = elements.lowerBound / format.elementsPerBlock * format.bytesPerBlock
      let count = elements.count / format.elementsPerBlock * format.bytesPerBlock
      try checkpoint.read(descriptor, from: start, count: count, into: &slab)
      return count
    }
    let width = reader.geometry.rowElementCount
    let rows = elements.lowerBound / width..<elements.upperBound / width
    try reader.read(rows, into: &slab, scratch: &scratch)
    return rows.count * reader.rowByteCount
  }
}

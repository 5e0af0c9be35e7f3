import Architectures
import Bytes
import Models
import Quantization
import Tensors

/// One tensor of a checkpoint whose numbers can be read in a chosen layout, a slab at a time.
struct TensorSource: Sendable {
  let descriptor: TensorDescriptor
  let format: StorageFormat
  /// Elements that must be read together: a block, or the rows that a transform moves among each other.
  let unitElementCount: Int
  private let checkpoint: Checkpoint
  /// Present where rows move; otherwise the bytes are read as they lie.
  private let reader: RowReader?

  /// - Throws: `TensorProblem` if the format is not known or the byte order is foreign, or rows cannot be moved.
  init(_ checkpoint: Checkpoint, _ descriptor: TensorDescriptor, _ mapping: RowMapping) throws(TensorProblem) {
    guard let format = descriptor.format else {
      throw TensorProblem(descriptor, .unknownFormat(descriptor.statedFormat.description))
    }
    if checkpoint.containerFacts["byteOrder"] == ByteOrder.bigEndian.rawValue {
      throw TensorProblem(descriptor, .bigEndian)
    }
    self.checkpoint = checkpoint
    self.descriptor = descriptor
    self.format = format
    if mapping.isIdentity {
      reader = nil
      unitElementCount = format.elementsPerBlock
    } else {
      let reader = try RowReader(checkpoint, descriptor, mapping)
      for transform in [mapping.source, mapping.target] {
        try Self.requireFit(transform, descriptor, rowCount: reader.geometry.rowCount)
      }
      self.reader = reader
      unitElementCount = max(1, reader.groupRowCount * reader.geometry.rowElementCount)
    }
  }

  /// A shape that the model does not expect may not split into heads.
  private static func requireFit(
    _ transform: Transform, _ descriptor: TensorDescriptor, rowCount: Int
  ) throws(TensorProblem) {
    do throws(Transform.Misfit) {
      try transform.requireFit(rowCount: rowCount)
    } catch {
      switch error {
      case .rowsDoNotSplitIntoHeads(let rowCount, let headCount):
        throw TensorProblem(descriptor, .doesNotSplitIntoHeads(rowCount: rowCount, headCount: headCount))
      }
    }
  }

  /// Reads the bytes of `elements`, which begin and end at units, into the head of `slab`; returns how many they are.
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

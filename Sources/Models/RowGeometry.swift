import Architectures
import Bytes
import Tensors

/// How a tensor's data fall into rows that a transform can move.
///
/// A matrix `[out, in]` has `out` rows. A vector is one row, except where a transform moves its elements (a bias of
/// rotated heads): then every element is a row.
public struct RowGeometry: Hashable, Sendable {
  /// The number of rows.
  public let rowCount: Int
  /// Elements of one row.
  public let rowElementCount: Int

  /// The geometry of a tensor of this shape under a transform.
  public init(_ shape: Shape, movesRows: Bool) {
    if shape.rank == 1, movesRows {
      rowCount = shape.elementCount
      rowElementCount = 1
    } else {
      rowCount = shape.rowCount
      rowElementCount = shape.rowElementCount
    }
  }

  /// The bytes of one row in `format`; nil if a row does not fill whole blocks.
  public func rowByteCount(_ format: StorageFormat) -> Int? { format.byteCount(elementCount: rowElementCount) }
}

/// Rows of one tensor, read in the order of another layout.
public struct RowReader: Sendable {
  /// The tensor that is read.
  public let tensor: TensorDescriptor
  /// Its storage format.
  public let format: StorageFormat
  /// Its rows.
  public let geometry: RowGeometry
  /// Bytes of one row.
  public let rowByteCount: Int
  /// From the layout in the file to the layout that is asked for.
  public let mapping: RowMapping
  private let checkpoint: Checkpoint

  /// A reader of `tensor`.
  ///
  /// - Throws: if the storage format is not known, or rows that must move do not fill whole blocks.
  public init(_ checkpoint: Checkpoint, _ tensor: TensorDescriptor, _ mapping: RowMapping) throws(TensorProblem) {
    guard let format = tensor.format else {
      throw TensorProblem(tensor, .unknownFormat(tensor.statedFormat.description))
    }
    geometry = RowGeometry(tensor.shape, movesRows: !mapping.isIdentity)
    guard let bytes = geometry.rowByteCount(format) else {
      throw TensorProblem(
        tensor, .rowsAreNotWholeBlocks(format: format, rowElementCount: geometry.rowElementCount))
    }
    self.checkpoint = checkpoint
    self.tensor = tensor
    self.format = format
    self.mapping = mapping
    rowByteCount = bytes
  }

  /// The file that holds it.
  public var file: InputFile { checkpoint.files[tensor.fileIndex] }

  /// The rows that must be read together.
  public var groupRowCount: Int { mapping.groupRowCount(rowCount: geometry.rowCount) }

  /// Reads rows `rows` of the layout asked for into the head of `slab`; `scratch` is used when rows move.
  public func read(_ rows: Range<Int>, into slab: inout [UInt8], scratch: inout [UInt8]) throws(FileError) {
    let byteCount = rows.count * rowByteCount
    guard !mapping.isIdentity else {
      return try checkpoint.read(tensor, from: rows.lowerBound * rowByteCount, count: byteCount, into: &slab)
    }
    // Rows only move inside their group, so the groups that `rows` touch hold everything.
    let group = groupRowCount
    let first = rows.lowerBound / group * group
    let last = min(geometry.rowCount, (rows.upperBound + group - 1) / group * group)
    try checkpoint.read(tensor, from: first * rowByteCount, count: (last - first) * rowByteCount, into: &scratch)
    if slab.count < byteCount { slab = [UInt8](repeating: 0, count: byteCount) }
    for (index, row) in rows.enumerated() {
      let source = (mapping.sourceRow(ofTarget: row, rowCount: geometry.rowCount) - first) * rowByteCount
      let target = index * rowByteCount
      slab.replaceSubrange(target..<target + rowByteCount, with: scratch[source..<source + rowByteCount])
    }
  }
}

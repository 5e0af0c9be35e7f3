import Architectures
import Quantization
import Tensors

/// Rows whose elements are in another order: the columns of a matrix, moved in blocks.
struct ReorderedColumns: RowSource {
  let base: any RowSource
  let columns: ColumnMoves

  var format: StorageFormat? { base.format.flatMap { columns.keepWhole($0) ? $0 : nil } }
  var copyRanges: [TensorCopyRange]? { nil }
  var access: RowAccess { base.access }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    guard let format else { return }
    try base.readBytes(rows, into: &buffers)
    move(rows, of: format, in: &buffers.bytes)
  }

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    try base.readValues(rows, into: &buffers)
    let stored = buffers.values
    let length = columns.blockLength
    for row in 0..<rows.count {
      let start = row * columns.count
      for (block, source) in columns.sources.enumerated() where block != source {
        let first = start + source * length
        buffers.values.replace(from: start + block * length, with: stored, first..<first + length)
      }
    }
  }

  var candidateFormats: [StorageFormat] { base.candidateFormats.filter(columns.keepWhole) }

  func exactFormat(_ format: StorageFormat) throws -> ExactFormat? { try base.exactFormat(format) }

  func readBlocks(_ rows: Range<Int>, in format: StorageFormat, into buffers: inout RowBuffers) throws {
    try base.readBlocks(rows, in: format, into: &buffers)
    move(rows, of: format, in: &buffers.bytes)
  }

  /// Moves the blocks of columns within the bytes of each row.
  private func move(_ rows: Range<Int>, of format: StorageFormat, in bytes: inout [UInt8]) {
    guard let length = format.byteCount(elementCount: columns.blockLength) else { return }
    let rowLength = length * columns.sources.count
    for row in 0..<rows.count {
      let start = row * rowLength
      let stored = Array(bytes[start..<start + rowLength])
      for (block, source) in columns.sources.enumerated() where block != source {
        let target = start + block * length
        bytes.replaceSubrange(target..<target + length, with: stored[source * length..<(source + 1) * length])
      }
    }
  }
}

/// The change from one order of columns to another.
struct ColumnMoves: Sendable {
  /// The columns, and those of one block, which stay together.
  let count: Int, blockLength: Int
  /// The block that comes to each place.
  let sources: [Int]

  /// The change of `count` columns from an order to another; nil if they are the same.
  init?(count: Int, from stored: RowOrder, to wanted: RowOrder) {
    guard stored != wanted, count > 0 else { return nil }
    var (length, rest) = (stored.rowsThatStayTogether(rowCount: count), wanted.rowsThatStayTogether(rowCount: count))
    while rest != 0 { (length, rest) = (rest, length % rest) }
    self.count = count
    blockLength = length
    sources = stride(from: 0, to: count, by: length).map { column in
      let canonical = wanted.canonicalRow(ofStored: column, rowCount: count)
      return stored.storedRow(ofCanonical: canonical, rowCount: count) / length
    }
  }

  /// Values of whole rows, one after the other, with the columns of each in the order that is wanted.
  func moved<Value>(_ values: [Value]) -> [Value] {
    values.indices.map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: count)
      let (block, offset) = column.quotientAndRemainder(dividingBy: blockLength)
      return values[row * count + sources[block] * blockLength + offset]
    }
  }

  /// Whether blocks of columns are whole blocks of a storage format.
  func keepWhole(_ format: StorageFormat) -> Bool { blockLength % format.elementsPerBlock == 0 }
}

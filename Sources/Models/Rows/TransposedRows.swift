import Quantization
import Tensors

/// Rows of a tensor that has the logical rows as columns.
struct TransposedRows: RowSource {
  let gatherer: RowGatherer
  /// Elements of a row: the logical rows of a transposed block.
  let rowElementCount: Int

  var format: StorageFormat? { gatherer.format }
  var copyRanges: [TensorCopyRange]? { nil }
  var access: RowAccess { .columns }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    guard let format else { return }
    let width = format.bytesPerBlock
    let byteCount = rows.count * rowElementCount * width
    if buffers.bytes.count < byteCount { buffers.bytes = [UInt8](repeating: 0, count: byteCount) }
    var block: [UInt8] = []
    for part in gatherer.map.parts(of: rows) {
      try gatherer.readBytes(
        part.locations, columns: part.columns, format: format, into: &block, scratch: &buffers.storedBytes)
      Transposition.transpose(
        block, rowCount: rowElementCount, columnCount: part.columns.count, elementByteCount: width,
        into: &buffers.bytes, at: part.start * width)
    }
  }

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    guard format == nil else { return try decodeBytes(rows, rowElementCount: rowElementCount, into: &buffers) }
    var transposed = DecodedValues()
    transposed.prepare(rows.count * rowElementCount, isWide: gatherer.isWide)
    for part in gatherer.map.parts(of: rows) {
      try gatherer.readValues(part.locations, columns: part.columns, into: &buffers)
      for index in part.locations.indices {
        transposed.replace(
          from: part.start + index, stride: part.columnStride, with: buffers.values,
          index * part.columns.count..<(index + 1) * part.columns.count)
      }
    }
    buffers.values = transposed
  }
}

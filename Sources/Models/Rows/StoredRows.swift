import Tensors

/// Rows of a stored tensor as they are.
struct StoredRows: RowSource {
  let checkpoint: Checkpoint
  let tensor: TensorDescriptor
  let range: ByteRange
  let storageFormat: StorageFormat
  let rowElementCount: Int
  /// Bytes of one row; 0 where rows are not whole blocks, which can only be copied.
  let rowByteCount: Int

  var format: StorageFormat? { storageFormat }

  /// The bytes of `rows`; those of the tensor where rows are not whole blocks.
  func byteRange(of rows: Range<Int>) -> ByteRange {
    guard rowByteCount > 0 else { return range }
    return ByteRange(
      fileIndex: range.fileIndex, offset: range.offset + rows.lowerBound * rowByteCount,
      byteCount: rows.count * rowByteCount)
  }

  var copyRanges: [TensorCopyRange]? {
    [TensorCopyRange(source: tensor, sourceOffset: 0, targetOffset: 0, byteCount: range.byteCount)]
  }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    try checkpoint.read(
      range, from: rows.lowerBound * rowByteCount, count: rows.count * rowByteCount, into: &buffers.bytes)
  }

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    try decodeBytes(rows, rowElementCount: rowElementCount, into: &buffers)
  }
}

import Architectures
import Bytes
import Quantization
import Tensors

/// Reads logical rows, each cut to some columns, from the stored tensors that contain them.
///
/// Memory is bounded by the rows of one read and a range of rows before they are ordered.
struct RowGatherer: Sendable {
  let checkpoint: Checkpoint
  let map: RowMap
  /// The one storage format of all sources whose bytes need no change; nil if values are decoded.
  let format: StorageFormat?

  /// Reads the bytes of `columns` of the rows at `locations` into the head of `output`, row after row.
  func readBytes(
    _ locations: [RowLocation], columns: Range<Int>, format: StorageFormat, into output: inout [UInt8],
    scratch: inout [UInt8]
  ) throws {
    guard let rowByteCount = format.byteCount(elementCount: columns.count) else { return }
    if output.count < locations.count * rowByteCount {
      output = [UInt8](repeating: 0, count: locations.count * rowByteCount)
    }
    for run in map.runs(of: locations) {
      if let first = run.firstTarget {
        try readBytes(run, columns, format, into: &output, at: first * rowByteCount)
        continue
      }
      try readBytes(run, columns, format, into: &scratch, at: 0)
      for (index, target) in run.targets.enumerated() where target != RowRun.nowhere {
        output.replaceSubrange(
          target * rowByteCount..<(target + 1) * rowByteCount,
          with: scratch[index * rowByteCount..<(index + 1) * rowByteCount])
      }
    }
  }

  /// Reads the bytes of `columns`, which are whole blocks, of a run, row after row from byte `position`.
  func readBytes(
    _ run: RowRun, _ columns: Range<Int>, _ format: StorageFormat, into output: inout [UInt8], at position: Int
  ) throws {
    let source = map.sources[run.source]
    guard let range = source.descriptor.byteRange else {
      return try readBlocks(run, format, into: &output, at: position)
    }
    guard source.layout.transposedBlockCount == nil else {
      return try readTransposed(run, columns, format, range, into: &output, at: position)
    }
    let block = format.elementsPerBlock, width = format.bytesPerBlock
    let rowByteCount = map.layout.columnCount / block * width
    try checkpoint.read(
      range, ranges: run.targets.count, of: columns.count / block * width,
      from: run.firstRow * rowByteCount + columns.lowerBound / block * width, stride: rowByteCount, into: &output,
      at: position)
  }

  /// The same of whole rows of a composition, which has them in `format`.
  private func readBlocks(
    _ run: RowRun, _ format: StorageFormat, into output: inout [UInt8], at position: Int
  ) throws {
    let source = map.sources[run.source].descriptor
    guard let blocks = source.composition?.blocks(in: format) else { return }
    let byteCount = format.byteCount(elementCount: run.rows.count * source.shape.rowElementCount) ?? 0
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var destination = bytes.mutableSpan
    try blocks.read(rows: run.rows, from: SourceTensorReader(checkpoint: checkpoint), into: &destination)
    if output.count < position + byteCount {
      output += [UInt8](repeating: 0, count: position + byteCount - output.count)
    }
    output.replaceSubrange(position..<position + byteCount, with: bytes)
  }

  /// The same of rows that are stored as columns, in a format of one element to a block.
  private func readTransposed(
    _ run: RowRun, _ columns: Range<Int>, _ format: StorageFormat, _ range: ByteRange, into output: inout [UInt8],
    at position: Int
  ) throws {
    let source = map.sources[run.source], width = format.bytesPerBlock
    var stored: [UInt8] = []
    var done = 0
    for part in source.layout.transposedParts(of: run.rows) {
      let first = (part.block * map.layout.columnCount + columns.lowerBound) * part.rowCount + part.rows.lowerBound
      try checkpoint.read(
        range, ranges: columns.count, of: part.rows.count * width, from: first * width,
        stride: part.rowCount * width, into: &stored, at: 0)
      let end = position + (done + part.rows.count) * columns.count * width
      if output.count < end { output += [UInt8](repeating: 0, count: end - output.count) }
      Transposition.transpose(
        stored, rowCount: columns.count, columnCount: part.rows.count, elementByteCount: width, into: &output,
        at: position + done * columns.count * width)
      done += part.rows.count
    }
  }
}

extension StoredLayout {
  /// Consecutive logical rows within one transposed block.
  struct TransposedPart {
    let block: Int
    /// The rows, counted within the block, and how many the block has.
    let rows: Range<Int>, rowCount: Int
  }

  /// `rows` of a transposed tensor, block by block.
  func transposedParts(of rows: Range<Int>) -> [TransposedPart] {
    let blockCount = (transposedBlockCount ?? 1) * (instanceCount ?? 1)
    let rowCount = logicalRowCount / max(1, blockCount)
    guard rowCount > 0 else { return [] }
    return (rows.lowerBound / rowCount...max(rows.lowerBound, rows.upperBound - 1) / rowCount).map { block in
      let inBlock = rows.clamped(to: block * rowCount..<(block + 1) * rowCount)
      return TransposedPart(
        block: block, rows: inBlock.lowerBound - block * rowCount..<inBlock.upperBound - block * rowCount,
        rowCount: rowCount)
    }
  }
}

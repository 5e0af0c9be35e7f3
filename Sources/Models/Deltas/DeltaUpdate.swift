import Quantization
import Tensors

/// What rows of an extended vocabulary have in the base of a weight delta, which lacks them.
public enum DeltaNewRows: String, Sendable, CaseIterable {
  /// Zeros, as in the scripts of Vicuna (FastChat, `apply_delta.py` of v0).
  case zero
  /// The mean of all rows of the base, as in that of Alpaca (`weight_diff.py`).
  case mean
}

/// The tensor of a base model that a weight delta was subtracted from: `W[row] += base[row]`, in float32.
struct DeltaUpdate: RowUpdate {
  /// Reads the base's tensor in the canonical layout; its rows are as wide as those of the delta.
  let base: RowReader
  let newRows: DeltaNewRows

  var words: String { "plus the base of a weight delta" }

  func add(
    to values: inout DecodedValues, rows: [UpdatedRow], columns: Range<Int>, stride: Int, of checkpoint: Checkpoint
  ) throws {
    let rowCount = base.geometry.rowCount
    let known = rows.filter { $0.canonicalRow < rowCount }
    try base.read(known, columns: columns) { index, part in
      values.add(part, times: 1, from: known[index].start, stride: stride)
    }
    guard newRows == .mean, known.count < rows.count else { return }
    let mean = try mean()
    for row in rows where row.canonicalRow >= rowCount {
      values.add(mean.span.extracting(columns), times: 1, from: row.start, stride: stride)
    }
  }

  /// Rows that are read at a time for a mean.
  private static let meanRowCount = 256

  /// The mean of all rows, summed in float64.
  private func mean() throws -> [Float] {
    let width = base.geometry.rowElementCount, rowCount = base.geometry.rowCount
    var sums = [Double](repeating: 0, count: width)
    var buffers = RowBuffers()
    for first in Swift.stride(from: 0, to: rowCount, by: Self.meanRowCount) {
      let rows = first..<min(rowCount, first + Self.meanRowCount)
      try base.rows.readValues(rows, into: &buffers)
      for row in 0..<rows.count {
        for column in 0..<width { sums[column] += Double(buffers.values.floats[row * width + column]) }
      }
    }
    return sums.map { Float($0 / Double(max(1, rowCount))) }
  }
}

import Architectures
import Tensors

/// Rows of a tensor with the updates of LoRA adapters or of a weight delta added.
struct AdaptedRows: RowSource {
  /// The rows before.
  let base: any RowSource
  let map: RowMap
  /// The updates of the rows of each origin, in order.
  let updates: [[any RowUpdate]]
  let checkpoint: Checkpoint

  /// The kinds of updates, each once.
  var words: [String] {
    updates.joined().reduce(into: []) { words, update in
      if !words.contains(update.words) { words.append(update.words) }
    }
  }

  var format: StorageFormat? { nil }
  var copyRanges: [TensorCopyRange]? { nil }
  var access: RowAccess { base.access }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) {}

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    try base.readValues(rows, into: &buffers)
    for part in map.parts(of: rows) {
      var updated: [Int: [UpdatedRow]] = [:]
      for (index, location) in part.locations.enumerated() where !updates[location.origin].isEmpty {
        updated[location.origin, default: []].append(
          UpdatedRow(canonicalRow: location.canonicalRow, start: part.start + index * part.rowStride))
      }
      for (origin, rows) in updated {
        for update in updates[origin] {
          try update.add(
            to: &buffers.values, rows: rows, columns: part.columns, stride: part.columnStride, of: checkpoint)
        }
      }
    }
  }
}

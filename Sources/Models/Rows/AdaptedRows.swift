import Architectures
import Tensors

/// Rows of a tensor with the updates of LoRA adapters added.
struct AdaptedRows: RowSource {
  /// The rows before.
  let base: any RowSource
  let map: RowMap
  /// The updates of the rows of each origin, in order.
  let updates: [[LoRAUpdate]]
  let checkpoint: Checkpoint

  var format: StorageFormat? { nil }
  var copyRanges: [TensorCopyRange]? { nil }
  var access: RowAccess { base.access }

  func readBytes(_ rows: Range<Int>, into buffers: inout RowBuffers) {}

  func readValues(_ rows: Range<Int>, into buffers: inout RowBuffers) throws {
    try base.readValues(rows, into: &buffers)
    for part in map.parts(of: rows) {
      var updated: [Int: [LoRAUpdate.Row]] = [:]
      for (index, location) in part.locations.enumerated() where !updates[location.origin].isEmpty {
        updated[location.origin, default: []].append(
          LoRAUpdate.Row(canonicalRow: location.canonicalRow, start: part.start + index * part.rowStride))
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

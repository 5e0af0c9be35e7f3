import Architectures
import Tensors

extension RowReader {
  /// Adds what adapters change in the rows at `slots`, whose `columns` stand as F32 one row behind the other.
  func addUpdates(_ slots: [Location], columns: Range<Int>, to output: inout [UInt8]) throws {
    guard hasUpdates else { return }
    var rows: [Int: [(row: Int, target: Int)]] = [:]
    for (target, slot) in slots.enumerated() where !updates[slot.route].isEmpty {
      rows[slot.route, default: []].append((slot.canonicalRow, target))
    }
    for (route, rows) in rows {
      for update in updates[route] { try update.add(to: &output, rows: rows, columns: columns, of: checkpoint) }
    }
  }
}

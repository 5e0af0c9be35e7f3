import Architectures
import Tensors

extension RowReader {
  /// Adds what adapters change in the rows at `places`, whose `columns` stand as F32 one row behind the other.
  func addUpdates(_ places: [Location], columns: Range<Int>, to output: inout [UInt8]) throws {
    guard hasUpdates else { return }
    var rows: [Int: [(row: Int, target: Int)]] = [:]
    for (target, place) in places.enumerated() where !updates[place.route].isEmpty {
      rows[place.route, default: []].append((place.canonicalRow, target))
    }
    for (route, rows) in rows {
      for update in updates[route] { try update.add(to: &output, rows: rows, columns: columns, of: checkpoint) }
    }
  }
}

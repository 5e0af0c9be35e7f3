import Architectures
import Tensors

/// A map from the logical rows of a tensor to rows of stored tensors.
struct RowMap: Sendable {
  /// The layout of the wanted tensor.
  let layout: StoredLayout
  /// The stored tensors that contain its rows.
  let sources: [MappedTensor]
  /// The location of each component of each instance of `layout`, instance by instance.
  let origins: [RowOrigin]

  /// The same rows with their columns in another order.
  func orderingColumns(_ order: RowOrder) -> RowMap {
    RowMap(layout: layout.orderingColumns(order), sources: sources, origins: origins)
  }

  /// Returns the origin of a logical row of the wanted tensor.
  func location(ofLogical row: Int) -> RowLocation {
    let canonical = layout.canonicalRow(ofLogical: row)
    let index = canonical.instance * layout.components.count + canonical.component
    let origin = origins[index]
    let source = sources[origin.source].layout
    return RowLocation(
      source: origin.source,
      row: source.logicalRow(
        of: StoredLayout.CanonicalRow(component: origin.component, instance: origin.instance, row: canonical.row)),
      change: change(index), origin: index, canonicalRow: canonical.row)
  }

  /// The change of the stored values of an origin's rows.
  func change(_ index: Int) -> ValueChange {
    let origin = origins[index]
    return ValueChange(
      from: sources[origin.source].layout.components[origin.component].form,
      to: layout.components[index % layout.components.count].form)
  }

  /// `locations` as runs of rows that are adjacent in a source, in the order of the files. Where a source alternates between
  /// tensors every few rows, those between are read too, and lead nowhere.
  func runs(of locations: [RowLocation]) -> [RowRun] {
    var order = Array(locations.indices)
    if zip(locations, locations.dropFirst()).contains(where: { ($0.source, $0.row) > ($1.source, $1.row) }) {
      order.sort { (locations[$0].source, locations[$0].row) < (locations[$1].source, locations[$1].row) }
    }
    var runs: [RowRun] = []
    var start = 0
    while start < order.count {
      let first = locations[order[start]]
      let step = 1 + sources[first.source].layout.bridgedRowCount
      var end = start + 1
      while end < order.count, locations[order[end]].source == first.source,
        locations[order[end]].row - locations[order[end - 1]].row <= step, locations[order[end]].change == first.change,
        step > 1 || locations[order[end]].row == first.row + end - start
      {
        end += 1
      }
      var targets = order[start..<end]
      if step > 1 {
        var spread = [Int](repeating: RowRun.nowhere, count: locations[order[end - 1]].row - first.row + 1)
        for target in targets { spread[locations[target].row - first.row] = target }
        targets = spread[...]
      }
      runs.append(RowRun(targets: targets, source: first.source, firstRow: first.row, change: first.change))
      start = end
    }
    return runs
  }
}

extension StoredLayout {
  /// Rows of other tensors between two rows of one, where both alternate every few rows, as gate and up of gpt-oss.
  fileprivate var bridgedRowCount: Int {
    let groupRowCount = partRowCount / groupCount
    return groupCount > 1 && (2...4).contains(groupRowCount) ? groupRowCount - 1 : 0
  }
}

/// Rows of one canonical tensor in one of the sources.
struct RowOrigin: Hashable, Sendable {
  let source: Int, component: Int, instance: Int
}

/// The stored row of one logical row.
struct RowLocation {
  /// The index of the source, and its logical row.
  let source: Int, row: Int
  /// The change of its values.
  let change: ValueChange
  /// The index of the origin, and the row of the canonical tensor.
  let origin: Int, canonicalRow: Int
}

/// Logical rows that are adjacent in a source.
struct RowRun {
  /// The row of the output that each becomes, or `nowhere`.
  let targets: ArraySlice<Int>
  /// The target of a row that is not asked for.
  static let nowhere = -1
  let source: Int
  let firstRow: Int
  let change: ValueChange

  var rows: Range<Int> { firstRow..<firstRow + targets.count }

  /// The first target, if the others follow it one by one.
  var firstTarget: Int? {
    guard let first = targets.first, zip(targets, first...).allSatisfy({ $0 == $1 }) else { return nil }
    return first
  }

  /// `count` of its rows, from the `start`th.
  func part(_ start: Int, _ count: Int) -> RowRun {
    RowRun(
      targets: targets.dropFirst(start).prefix(count), source: source, firstRow: firstRow + start, change: change)
  }
}

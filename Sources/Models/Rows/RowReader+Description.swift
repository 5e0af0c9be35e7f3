import Architectures
import Bytes
import Tensors

extension RowReader {
  /// The changes of the rows, in words: `RoPE permutation of 32 heads`.
  public var description: String {
    if hasStoredRows { return "as it is" }
    if let part = rows as? PartRows { return part.description(of: wordsOfWhole(part) ?? []) }
    return wordsOfLayout.isEmpty ? "rows moved" : wordsOfLayout.joined(separator: ", ")
  }

  /// What happens to the rows of the whole tensor; nil if they stay as they are.
  public var movement: String? {
    guard let part = rows as? PartRows else { return hasStoredRows ? nil : description }
    return wordsOfWhole(part).map { $0.isEmpty ? "rows moved" : $0.joined(separator: ", ") }
  }

  /// The same in words, where a part of the tensor is read.
  private func wordsOfWhole(_ part: PartRows) -> [String]? {
    part.base is StoredRows || part.base is ComposedRows ? nil : wordsOfLayout
  }

  private var wordsOfLayout: [String] {
    let source = sources[0].layout
    var words: [String] = []
    if sources.count == 1, source.components.count * (source.instanceCount ?? 1) > map.origins.count {
      words.append("part of \(sources[0].descriptor.name.text)")
    } else if sources.count > 1 {
      words.append(layout.instanceCount == nil ? "joined from \(sources.count)" : "stacked from \(sources.count)")
    }
    words += wordsOfChange(source, layout)
    return words + updateWords
  }

  private func wordsOfChange(_ source: StoredLayout, _ target: StoredLayout) -> [String] {
    var words: [String] = []
    // Of several components, often only one has another order.
    let changed = target.components.indices.first {
      sources[map.origins[$0].source].layout.components[map.origins[$0].component].order != target.components[$0].order
    }
    let origin = map.origins[changed ?? 0]
    let orders = (
      sources[origin.source].layout.components[origin.component].order, target.components[changed ?? 0].order
    )
    switch orders {
    case _ where changed == nil: break
    case (_, .canonical): words.append("inverse \(orders.0.words)")
    case (.canonical, _): words.append(orders.1.words)
    default: words.append("inverse \(orders.0.words), then \(orders.1.words)")
    }
    words += wordsOfColumns
    if source.groupCount != target.groupCount {
      if source.groupCount > 1 { words.append("out of \(source.groupCount) groups") }
      if target.groupCount > 1 { words.append("into \(target.groupCount) groups") }
    }
    if (source.transposedBlockCount == nil) != (target.transposedBlockCount == nil) { words.append("transposed") }
    let change = map.change(0)
    if !change.isNothing { words.append(change.words) }
    return words
  }

  /// What happens to columns, and whether that can be done to whole blocks.
  private var wordsOfColumns: [String] {
    guard let reordered = rows as? ReorderedColumns else { return [] }
    let packed = sources.compactMap(\.descriptor.format).first { $0.isQuantized }
    let decoded =
      reordered.format == nil ? packed.map { ", which cuts blocks of \($0.elementsPerBlock): decoded" } : nil
    return ["columns of \(counted(reordered.columns.sources.count, "head")) reordered" + (decoded ?? "")]
  }
}

extension RowOrder {
  /// The order as a permutation of canonical rows, in words.
  fileprivate var words: String {
    switch self {
    case .canonical: "order of rows"
    case .interleaved(let heads): "RoPE permutation of \(heads) heads"
    case .separated(let heads, _): "separation of the rotary pairs of \(heads) heads"
    case .tiled(let groups, let heads): "permutation of \(heads) heads into tiles of \(groups)"
    }
  }
}

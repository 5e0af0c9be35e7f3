import Architectures
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
    if let adapted = (rows as? PartRows)?.base as? AdaptedRows ?? rows as? AdaptedRows { words += adapted.words }
    return words
  }

  private func wordsOfChange(_ source: StoredLayout, _ target: StoredLayout) -> [String] {
    var words: [String] = []
    let orders = (source.components[map.origins[0].component].order, target.components[0].order)
    switch orders {
    case _ where orders.0 == orders.1: break
    case (.canonical, .interleaved(let heads)): words.append("RoPE permutation of \(heads) heads")
    case (.interleaved(let heads), .canonical): words.append("inverse RoPE permutation of \(heads) heads")
    case (.interleaved(let one), .interleaved(let other)):
      words.append("inverse RoPE permutation of \(one) heads, then RoPE permutation of \(other) heads")
    case (.canonical, .separated(let heads, _)): words.append("rotary pairs of \(heads) heads in halves")
    case (.separated(let heads, _), .canonical): words.append("rotary pairs of \(heads) heads side by side")
    default: break
    }
    if source.groupCount != target.groupCount {
      if source.groupCount > 1 { words.append("out of \(source.groupCount) groups") }
      if target.groupCount > 1 { words.append("into \(target.groupCount) groups") }
    }
    if (source.transposedBlockCount == nil) != (target.transposedBlockCount == nil) { words.append("transposed") }
    let change = target.components[0].addend - source.components[map.origins[0].component].addend
    if change != 0 { words.append(change > 0 ? "plus 1" : "minus 1") }
    return words
  }
}

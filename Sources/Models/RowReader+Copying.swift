import Architectures
import Tensors

/// Bytes that stand in an output just as in an input.
public struct TensorCopyRange: Sendable {
  /// The tensor that has them.
  public let source: TensorDescriptor
  /// Where they begin in that tensor, and in the output.
  public let sourceOffset: Int, targetOffset: Int
  /// How many they are.
  public let byteCount: Int
}

extension RowReader {
  /// Pieces smaller than this are better gathered than copied one by one.
  private static let smallestRunByteCount = 1 << 16

  /// The whole tensor as pieces to copy, if it consists of large ones; nil if rows must be gathered or decoded.
  public var copyRuns: [TensorCopyRange]? {
    if isCopy {
      let source = sources[0].descriptor
      return [TensorCopyRange(source: source, sourceOffset: 0, targetOffset: 0, byteCount: source.byteCount)]
    }
    guard !isDecoding, layout.groupCount == 1, layout.transposedBlockCount == nil else { return nil }
    var runs: [TensorCopyRange] = []
    var row = 0
    for (index, route) in routes.enumerated() {
      let component = layout.components[index % layout.components.count]
      let source = sources[route.source]
      guard source.layout.groupCount == 1, source.layout.transposedBlockCount == nil,
        source.layout.components[route.component].order == component.order
      else { return nil }
      let byteCount = component.rowCount * rowByteCount
      guard byteCount >= Self.smallestRunByteCount else { return nil }
      let first = source.layout.firstLogicalRow(ofComponent: route.component, instance: route.instance)
      runs.append(
        TensorCopyRange(
          source: source.descriptor, sourceOffset: first * rowByteCount, targetOffset: row * rowByteCount,
          byteCount: byteCount))
      row += component.rowCount
    }
    return runs
  }

  /// How the rows come about, in words.
  public var description: String {
    if isCopy { return "as it is" }
    let source = sources[0].layout
    var words: [String] = []
    if sources.count == 1, source.components.count * (source.instanceCount ?? 1) > routes.count {
      words.append("part of \(sources[0].descriptor.name.text)")
    } else if sources.count > 1 {
      words.append(layout.instanceCount == nil ? "joined from \(sources.count)" : "stacked from \(sources.count)")
    }
    words += wordsOfChange(source, layout)
    if hasUpdates { words.append("plus a product of low rank") }
    return words.isEmpty ? "rows moved" : words.joined(separator: ", ")
  }

  private func wordsOfChange(_ source: StoredLayout, _ target: StoredLayout) -> [String] {
    var words: [String] = []
    let orders = (source.components[routes[0].component].order, target.components[0].order)
    switch orders {
    case _ where orders.0 == orders.1: break
    case (.canonical, .rotary(let heads)): words.append("rotary permutation of \(heads) heads")
    case (.rotary(let heads), .canonical): words.append("inverse rotary permutation of \(heads) heads")
    case (.rotary(let one), .rotary(let other)):
      words.append("inverse rotary permutation of \(one) heads, then rotary permutation of \(other) heads")
    default: break
    }
    if source.groupCount != target.groupCount {
      if source.groupCount > 1 { words.append("out of \(source.groupCount) groups") }
      if target.groupCount > 1 { words.append("into \(target.groupCount) groups") }
    }
    if (source.transposedBlockCount == nil) != (target.transposedBlockCount == nil) { words.append("transposed") }
    let change = target.components[0].addend - source.components[routes[0].component].addend
    if change != 0 { words.append(change > 0 ? "plus 1" : "minus 1") }
    return words
  }
}

import Architectures
import Models

/// Where the rows of queries, keys and values lie in a tensor that packs all three.
///
/// `group` is one of the key/value heads with the query heads that share it; `d` the head dimension.
///
///     concatenated   q₀ q₁ … │ k₀ k₁ … │ v₀ v₁ …
///     grouped        q₀ … k₀ v₀ │ q₁ … k₁ v₁ │ …      (of each group its queries, its key, its value)
struct FusedQKVRows: Sendable, Hashable {
  /// How the three are packed.
  enum FusionOrder: Sendable { case concatenated, grouped }

  let groupCount: Int, queriesPerGroup: Int, headDimension: Int

  /// The packing of a model's heads; nil if they do not form groups.
  init?(_ numbers: Hyperparameters) {
    guard numbers.keyValueHeadCount > 0, numbers.headCount % numbers.keyValueHeadCount == 0, numbers.headDimension > 0
    else { return nil }
    groupCount = numbers.keyValueHeadCount
    queriesPerGroup = numbers.headCount / numbers.keyValueHeadCount
    headDimension = numbers.headDimension
  }

  /// Where row `row` at `place` is to be found if rows are stored in one arrangement and were read in the other.
  func source(
    ofRow row: Int, at place: TensorSlot, storedBy arrangement: FusionOrder
  ) -> (place: TensorSlot, row: Int) {
    let kinds = Self.biases.contains(place.role) ? Self.biases : Self.weights
    guard let kind = kinds.firstIndex(of: place.role) else { return (place, row) }
    let other: FusionOrder = arrangement == .grouped ? .concatenated : .grouped
    let (foundKind, foundRow) = split(position(kind, row, arrangement), other)
    return (TensorSlot(kinds[foundKind], layer: place.layer, instance: place.instance), foundRow)
  }

  private static let weights: [TensorRole] = [.attentionQuery, .attentionKey, .attentionValue]
  private static let biases = weights.map(\.bias)

  /// Heads of a group that are queries, keys, values.
  private var headCounts: [Int] { [queriesPerGroup, 1, 1] }

  private func position(_ kind: Int, _ row: Int, _ arrangement: FusionOrder) -> Int {
    let before = headCounts[..<kind].reduce(0, +)
    switch arrangement {
    case .concatenated: return before * groupCount * headDimension + row
    case .grouped:
      let (group, inGroup) = row.quotientAndRemainder(dividingBy: headCounts[kind] * headDimension)
      return (group * (queriesPerGroup + 2) + before) * headDimension + inGroup
    }
  }

  private func split(_ position: Int, _ arrangement: FusionOrder) -> (kind: Int, row: Int) {
    let copies = arrangement == .concatenated ? groupCount : 1
    let (group, inGroup) =
      arrangement == .concatenated
      ? (0, position) : position.quotientAndRemainder(dividingBy: (queriesPerGroup + 2) * headDimension)
    var rest = inGroup
    for kind in 0..<2 {
      let size = headCounts[kind] * copies * headDimension
      if rest < size { return (kind, group * size + rest) }
      rest -= size
    }
    return (2, group * headDimension + rest)
  }
}

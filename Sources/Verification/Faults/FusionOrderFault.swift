import Architectures
import Models

/// A fused tensor was split in another fusion order than its naming scheme's.
struct FusionOrderFault: KnownFault {
  let id = FaultID.fusionOrder
  let summary =
    "a fused tensor (QKV, or queries and their gate) is grouped by head where it should be concatenated, or the reverse"
  let detection = FaultDetection.sampledRows

  func hypotheses(about tensor: SuspectTensor) -> [FaultHypothesis] {
    guard let rows = FusedQKVRows(tensor.reference.hyperparameters), FusedQKVRows.roles(with: tensor.slot.role) != nil
    else { return packHypotheses(tensor) }
    let slot = tensor.slot
    func hypothesis(_ words: String, storedBy order: FusedQKVRows.FusionOrder) -> FaultHypothesis {
      FaultHypothesis(
        self, slot, words, correction: RelocatedRows { rows.source(ofRow: $0, of: slot, storedBy: order) })
    }
    return [
      hypothesis("is grouped by KV head, expected concatenated Q, K and V", storedBy: .grouped),
      hypothesis("is concatenated Q, K and V, expected grouped by KV head", storedBy: .concatenated),
    ] + packHypotheses(tensor)
  }

  /// The hypothesis that a tensor that its naming scheme has in groups, such as queries and their gate, is concatenated.
  private func packHypotheses(_ tensor: SuspectTensor) -> [FaultHypothesis] {
    let slot = tensor.slot
    guard let grouped = tensor.candidate.model.tensor(slot)?.layout, grouped.groupCount > 1,
      grouped.instanceCount == nil,
      let component = grouped.components.firstIndex(where: { $0.role == slot.role }),
      let concatenated = try? StoredLayout(components: grouped.components, columnCount: grouped.columnCount)
    else { return [] }
    return [
      FaultHypothesis(
        self, slot,
        "is concatenated with \(grouped.components.count == 2 ? "another tensor" : "others"), expected groups",
        correction: RelocatedRows { row in
          let wanted = StoredLayout.CanonicalRow(component: component, instance: 0, row: row)
          let found = grouped.canonicalRow(ofLogical: concatenated.logicalRow(of: wanted))
          return (TensorSlot(grouped.components[found.component].role, layer: slot.layer), found.row)
        })
    ]
  }
}

extension FaultID {
  public static let fusionOrder = Self("fusion_order")
}

/// The positions of the rows of Q, K and V in a tensor that fuses them.
///
/// A group is one KV head with the query heads that share it; `d` is the head dimension.
///
///     concatenated   q₀ q₁ … │ k₀ k₁ … │ v₀ v₁ …
///     grouped        q₀ … k₀ v₀ │ q₁ … k₁ v₁ │ …      (of each group its queries, its key, its value)
struct FusedQKVRows: Sendable, Hashable {
  enum FusionOrder: Sendable { case concatenated, grouped }

  let groupCount: Int, queriesPerGroup: Int, headDimension: Int

  /// Returns nil if the heads do not form groups.
  init?(_ hyperparameters: Hyperparameters) {
    let groups = hyperparameters.keyValueHeadCount
    guard groups > 0, hyperparameters.headCount % groups == 0, hyperparameters.headDimension > 0 else { return nil }
    groupCount = groups
    queriesPerGroup = hyperparameters.headCount / groups
    headDimension = hyperparameters.headDimension
  }

  /// Returns Q, K and V, weights or biases, if `role` is one of them.
  static func roles(with role: TensorRole) -> [TensorRole]? {
    let weights: [TensorRole] = [.attentionQuery, .attentionKey, .attentionValue]
    return [weights, weights.map(\.bias)].first { $0.contains(role) }
  }

  /// Returns where row `row` of `slot` is found if rows are stored in one order and were read in the other.
  func source(
    ofRow row: Int, of slot: TensorSlot, storedBy order: FusionOrder
  ) -> (slot: TensorSlot, row: Int) {
    guard let roles = Self.roles(with: slot.role), let role = roles.firstIndex(of: slot.role) else {
      return (slot, row)
    }
    let other: FusionOrder = order == .grouped ? .concatenated : .grouped
    let (foundRole, foundRow) = split(position(role, row, order), other)
    return (TensorSlot(roles[foundRole], layer: slot.layer, instance: slot.instance), foundRow)
  }

  /// Heads of a group that are queries, keys, values.
  private var headCounts: [Int] { [queriesPerGroup, 1, 1] }

  private func position(_ role: Int, _ row: Int, _ order: FusionOrder) -> Int {
    let before = headCounts[..<role].reduce(0, +)
    switch order {
    case .concatenated: return before * groupCount * headDimension + row
    case .grouped:
      let (group, inGroup) = row.quotientAndRemainder(dividingBy: headCounts[role] * headDimension)
      return (group * (queriesPerGroup + 2) + before) * headDimension + inGroup
    }
  }

  private func split(_ position: Int, _ order: FusionOrder) -> (role: Int, row: Int) {
    let copies = order == .concatenated ? groupCount : 1
    let (group, inGroup) =
      order == .concatenated
      ? (0, position) : position.quotientAndRemainder(dividingBy: (queriesPerGroup + 2) * headDimension)
    var rest = inGroup
    for role in 0..<2 {
      let size = headCounts[role] * copies * headDimension
      if rest < size { return (role, group * size + rest) }
      rest -= size
    }
    return (2, group * headDimension + rest)
  }
}

import Bytes
import Models
import Tensors

/// Removes layers from a draft and renumbers the rest.
struct LayerPruning {
  /// The new layer indices by the old ones, of the layers that remain.
  private let indices: [Int: Int]
  /// Layers that were named but do not exist, and whether nothing would remain.
  let problems: [ConversionError]

  /// The number of layers that remain.
  var keptLayerCount: Int { indices.count }

  init(_ pruned: Set<Int>, _ tensors: [DraftTensor]) {
    let layers = Set(tensors.compactMap { LayerName($0.name)?.layer })
    var problems = pruned.subtracting(layers).sorted().map { ConversionError.pruneMatchesNothing(layer: $0) }
    if layers.isSubset(of: pruned) { problems.append(.prunesEverything) }
    self.problems = problems
    indices = Dictionary(uniqueKeysWithValues: layers.subtracting(pruned).sorted().enumerated().map { ($1, $0) })
  }

  /// The tensor under its new name; nil if its layer is pruned.
  func renumbered(_ tensor: DraftTensor) -> DraftTensor? {
    guard let name = LayerName(tensor.name) else { return tensor }
    guard let index = indices[name.layer] else { return nil }
    var moved = tensor
    moved.name = name.numbered(index)
    moved.purpose = PlannedTensor.Roles(
      roles: tensor.purpose.roles, layer: index, instance: tensor.purpose.instance)
    return moved
  }
}

extension PlanDraft {
  /// Removes the layers that are pruned and renumbers the rest.
  mutating func prune() {
    guard !request.prunedLayers.isEmpty else { return }
    let pruning = LayerPruning(request.prunedLayers, tensors)
    problems += pruning.problems
    keptLayerCount = pruning.keptLayerCount
    tensors = tensors.compactMap { tensor in
      guard let moved = pruning.renumbered(tensor) else {
        dropped.append((tensor.name, "its layer is pruned"))
        return nil
      }
      if moved.name != tensor.name { originalNames[moved.name] = tensor.name }
      return moved
    }
  }
}

/// A tensor's name with a layer index, at any position: `blk.3.attn_q.weight`, `enc.blk.3.attn_q.weight`.
private struct LayerName {
  let layer: Int
  private let prefix: Substring
  private let suffix: Substring

  init?(_ name: TensorName) {
    guard let match = name.text.firstMatch(of: /blk\.([0-9]+)\./), let layer = Int(match.1) else { return nil }
    self.layer = layer
    prefix = name.text[..<match.1.startIndex]
    suffix = name.text[match.1.endIndex...]
  }

  func numbered(_ number: Int) -> TensorName { TensorName("\(prefix)\(number)\(suffix)") }
}

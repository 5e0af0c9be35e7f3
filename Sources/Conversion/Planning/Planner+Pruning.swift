import Bytes
import Models
import Tensors

extension Planner {
  /// Leaves out the layers that are to go and numbers the others anew; returns the names that changed, new to old.
  mutating func prune(_ tensors: inout [PlannedTensor]) -> [TensorName: TensorName] {
    guard !request.prunedLayers.isEmpty else { return [:] }
    let layers = Set(tensors.compactMap { LayerName($0.name)?.layer })
    problems += request.prunedLayers.subtracting(layers).sorted().map { ConversionError.pruneMatchesNothing(layer: $0) }
    if layers.isSubset(of: request.prunedLayers) { problems.append(ConversionError.prunesEverything) }
    let kept = layers.subtracting(request.prunedLayers).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    var originalNames: [TensorName: TensorName] = [:]
    tensors = tensors.compactMap { tensor in
      guard let name = LayerName(tensor.name) else { return tensor }
      guard let number = numbers[name.layer] else {
        pruned.append((tensor.name, "its layer is pruned"))
        return nil
      }
      let moved = tensor.renamed(name.numbered(number), layer: number)
      originalNames[moved.name] = tensor.name
      return moved
    }
    keptLayerCount = kept.count
    return originalNames
  }

  /// Warns of lists that have a number for each layer: as in llama-quantize they stay as they are.
  mutating func noteListsOfLayers(_ metadata: Metadata, layerCount: Int) {
    for (key, value) in metadata.pairs where value.array?.count == layerCount && !key.text.hasPrefix("tokenizer.") {
      remarks.append(.warning("\(key.text.quoted) lists a value for each layer and keeps those of the pruned ones"))
    }
  }
}

/// A tensor's name that states a layer, wherever it does: `blk.3.attn_q.weight`, `enc.blk.3.attn_q.weight`.
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

import Architectures
import Tensors

extension ArchitectureDefinition.ObservedTensors {
  /// Observes the names and shapes of a checkpoint's tensors in one scheme.
  init(_ checkpoint: Checkpoint, _ definition: ArchitectureDefinition, _ scheme: NamingScheme) {
    let matcher = definition.matcher(of: scheme)
    var rows: [TensorRole: Int] = [:]
    var roles: Set<TensorRole> = []
    var layers: [TensorRole: Set<Int>] = [:]
    var layerCount: Int?
    for tensor in checkpoint.tensors {
      guard case .tensor(let index, let layer, _) = matcher.match(of: tensor.name) else { continue }
      let rule = matcher.rules[index]
      if let layer, rule.tensors[0].layers?.hyperparameterNames.contains("layer_count") ?? true {
        layerCount = max(layerCount ?? 0, layer + 1)
      }
      for role in rule.roles {
        roles.insert(role)
        guard let layer else { continue }
        layers[role, default: []].insert(layer)
      }
      if let role = rule.onlyUsedRole, rows[role] == nil { rows[role] = tensor.shape.dimensions.first ?? 1 }
    }
    let predictionLayerCount = matcher.predictionLayerCount(checkpoint.tensors.map(\.name))
    self.init(
      // Layers that predict more tokens follow the others, also where their names begin at 0 again.
      layerCount: layerCount.map { $0 + (predictionLayerCount ?? 0) }, roles: roles, layers: layers, rows: rows,
      predictionLayerCount: predictionLayerCount)
  }
}

extension StoredRule {
  /// The canonical tensor whose rows it has, apart from rows that nothing reads; nil for several, and for instances.
  var onlyUsedRole: TensorRole? {
    let used = tensors.filter { $0.unusedReason == nil }
    return used.count == 1 && (isAlone || fusionOrder == .concatenated) ? used[0].role : nil
  }
}

import Architectures
import Bytes
import Tensors

extension Model {
  /// Returns this model as it is with tensors of another one: without those that they replace, with the layer counts that
  /// follow from them, and with the problems of the whole. The files of the other one follow its own in `checkpoint`.
  ///
  /// - Parameters:
  ///   - tensors: the tensors, as files of this model's naming scheme have them.
  ///   - replaced: the names of the tensors that they replace.
  public func grafting(_ tensors: [TensorDescriptor], replacing replaced: Set<TensorName>, from donor: Model) -> Model {
    var model = self
    model.checkpoint = checkpoint.adding(donor.checkpoint.files)
    guard !isByName else { return model }
    let count = max(definition.predictionLayerCount(hyperparameters), predictionLayerCount(of: tensors))
    if count != definition.predictionLayerCount(hyperparameters) {
      model.hyperparameters = definition.stating(predictionLayerCount: count, in: hyperparameters)
    }
    let kept = checkpoint.tensors.filter { !replaced.contains($0.name) }
    let whole = Model(
      checkpoint: checkpoint.replacing(tensors: kept + tensors), facts: facts, definition: definition, scheme: scheme,
      hyperparameters: model.hyperparameters,
      mapped: TensorMapping(
        checkpoint.replacing(tensors: kept + tensors), facts, definition, scheme, model.hyperparameters,
        states: appliedTransforms.states),
      problems: problems.filter { !$0.constituents.contains { $0 is TensorProblem } }, remarks: remarks)
    model.problems = whole.problems
    return model
  }

  /// Returns this model without the problems that are of absent tensors alone: one of which only some tensors are used.
  public func asPartOfAModel() -> Model {
    var model = self
    model.problems = problems.filter { problem in
      !problem.constituents.allSatisfy { constituent in
        if case .missing? = (constituent as? TensorProblem)?.reason { true } else { false }
      }
    }
    return model
  }

  /// The layers after those of the forward pass, up to the last that one of `tensors` is of.
  private func predictionLayerCount(of tensors: [TensorDescriptor]) -> Int {
    guard definition.predictionLayers != nil, let layerCount = hyperparameters.integer("layer_count") else { return 0 }
    let matcher = definition.matcher(of: scheme)
    return tensors.reduce(0) { count, tensor in
      guard case .tensor(_, let layer?, _)? = matcher.match(of: tensor.name) else { return count }
      return max(count, layer - layerCount + 1)
    }
  }

  /// A hyperparameter of which two models have other values.
  public struct HyperparameterContradiction: Sendable {
    public let name: String
    public let own: HyperparameterValue, other: HyperparameterValue
    /// Whether names, shapes or layouts of tensors depend on it.
    public let decidesTensors: Bool
  }

  /// The hyperparameters that both models state, or that decide tensors, with different values; those that decide tensors
  /// first. Layers that predict more tokens do not count: one of the models may lack them.
  public func contradictions(with other: Model) -> [HyperparameterContradiction] {
    let names = definition.hyperparametersOfTensors
    let found = definition.hyperparameters.compactMap { rule -> HyperparameterContradiction? in
      let name = rule.name
      guard name != PredictionLayersRule.count, name != PredictionLayersRule.allLayers,
        let own = hyperparameters.values[name], let value = other.hyperparameters.values[name], !own.equals(value)
      else { return nil }
      let isStated = hyperparameters.explicit.contains(name) && other.hyperparameters.explicit.contains(name)
      guard names.contains(name) || isStated && !definition.ggufKeys(of: rule).isEmpty else { return nil }
      return HyperparameterContradiction(
        name: name, own: own, other: value, decidesTensors: names.contains(name))
    }
    return found.filter(\.decidesTensors) + found.filter { !$0.decidesTensors }
  }
}

extension HyperparameterValue {
  /// Whether both are the same number, or one of them is a list, which a file may state for each layer.
  fileprivate func equals(_ other: HyperparameterValue) -> Bool {
    switch (self, other) {
    case (.list, _), (_, .list): true
    case (.real(let one), .real(let two)): Float(one) == Float(two)
    default: self == other
    }
  }
}

extension ArchitectureDefinition {
  /// The hyperparameters that names, shapes and layouts of tensors depend on.
  public var hyperparametersOfTensors: Set<String> {
    let formulas = tensors.flatMap { rule in
      rule.shape + [rule.instances, rule.layers].compactMap(\.self) + rule.shapes.values.joined()
        + rule.transforms.values.joined().flatMap(\.arguments)
    }
    return Set(formulas.flatMap(\.hyperparameterNames) + ["layer_count"])
  }
}

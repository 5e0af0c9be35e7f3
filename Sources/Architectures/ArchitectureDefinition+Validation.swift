import Bytes
import Tensors

extension ArchitectureDefinition {
  /// Checks that everything a rule names is declared, and that no scheme gives two tensors one name.
  func validate() throws(DefinitionError) {
    try validateSchemes()
    try validateTensors()
    try validateFusedTensors()
    try validateHyperparameters()
    for scheme in schemes { try validateNames(in: scheme) }
  }

  private func require(
    _ name: String?, among declared: [String], _ kind: DefinitionError.Declaration, _ keyPath: String
  ) throws(DefinitionError) {
    guard let name, !declared.contains(name) else { return }
    throw DefinitionError(
      keyPath: keyPath, reason: .undeclared(kind, name, nearest: name.nearest(among: declared)))
  }

  private func requireSchemes(_ names: some Sequence<String>, _ keyPath: String) throws(DefinitionError) {
    for name in names.sorted() { try require(name, among: schemes.map(\.name), .scheme, keyPath) }
  }

  private func requireHyperparameters(_ names: [String], _ keyPath: String) throws(DefinitionError) {
    for name in names { try require(name, among: hyperparameters.map(\.name), .hyperparameter, keyPath) }
  }

  private func requireHyperparameters(_ formula: Expression?, _ keyPath: String) throws(DefinitionError) {
    try requireHyperparameters(formula?.hyperparameterNames ?? [], keyPath)
  }

  private func requireRoles(_ roles: [TensorRole?], _ keyPath: String) throws(DefinitionError) {
    for role in roles { try require(role?.rawValue, among: tensors.map(\.role.rawValue), .role, keyPath) }
  }

  private func validateSchemes() throws(DefinitionError) {
    for scheme in schemes {
      let keyPath = "schemes.\(scheme.name)"
      try requireSchemes([scheme.base].compactMap(\.self), keyPath + ".based_on")
      try requireHyperparameters([scheme.condition].compactMap(\.self), keyPath + ".when")
    }
  }

  private func validateTensors() throws(DefinitionError) {
    for rule in tensors {
      let keyPath = "tensors.\(rule.role)"
      try requireSchemes(rule.names.keys, keyPath + ".names")
      try requireSchemes(rule.transforms.keys, keyPath + ".transforms")
      for argument in rule.transforms.values.joined().flatMap(\.arguments) {
        try requireHyperparameters(argument, keyPath + ".transforms")
      }
      for transforms in rule.transforms.values {
        try require(transforms, ofVector: rule.shape.count == 1, keyPath + ".transforms")
      }
      for dimension in rule.shape { try requireHyperparameters(dimension, keyPath + ".shape") }
      try requireHyperparameters(rule.instances, keyPath + ".instances")
      try requireHyperparameters(rule.layers, keyPath + ".layers")
      try requireHyperparameters(rule.requiredLayers, keyPath + ".required_in")
      try validateShapes(rule.shapes, keyPath)
      try requireRoles([rule.tiedTo], keyPath + ".tied_to")
    }
    for rule in derived { try requireSchemes(rule.names.keys, "derived.\(rule.role).names") }
    for rule in dropped { try requireRoles([rule.copyOf], "dropped.\(rule.pattern).copy_of") }
    if let predictionLayers {
      try requireHyperparameters([PredictionLayersRule.count, PredictionLayersRule.allLayers], "prediction_layers")
      try requireSchemes(predictionLayers.prefixes.keys, "prediction_layers.prefixes")
    }
    for roles in writtenTogether { try requireRoles(roles, "written_together") }
  }

  /// Checks that transforms of one scheme can be combined.
  private func require(
    _ transforms: [TransformRule], ofVector isVector: Bool, _ keyPath: String
  ) throws(DefinitionError) {
    let subjects = transforms.map(\.subject)
    if let twice = subjects.first(where: { subject in subjects.count { $0 == subject } > 1 }) {
      throw DefinitionError(keyPath: keyPath, reason: .incompatibleTransforms(twice))
    }
    if isVector, let columns = transforms.first(where: { $0.kind == .tiledColumns }) {
      throw DefinitionError(keyPath: keyPath, reason: .badTransform(columns.wording))
    }
  }

  private func validateFusedTensors() throws(DefinitionError) {
    for rule in fused {
      let keyPath = "fused.\(rule.name)"
      try requireRoles(rule.roles, keyPath + ".roles")
      try requireSchemes(rule.names.keys, keyPath + ".names")
      try requireSchemes(rule.fusionOrders.keys, keyPath + ".fusionOrders")
      for order in rule.fusionOrders.values {
        try requireHyperparameters(order.groups, keyPath + ".fusionOrders")
      }
      try requireSchemes(rule.transposedSchemes, keyPath + ".transposed")
      try requireSchemes(rule.turnedSchemes, keyPath + ".transposed_or_not")
      try validateShapes(rule.shapes, keyPath)
    }
  }

  private func validateShapes(_ shapes: [String: [Expression]], _ keyPath: String) throws(DefinitionError) {
    try requireSchemes(shapes.keys, keyPath + ".shapes")
    for dimension in shapes.values.joined() { try requireHyperparameters(dimension, keyPath + ".shapes") }
  }

  private func validateHyperparameters() throws(DefinitionError) {
    for rule in hyperparameters {
      let keyPath = "hyperparameters.\(rule.name)"
      for case .formula(let formula) in rule.defaults { try requireHyperparameters(formula, keyPath + ".default") }
      try requireRoles([rule.rowsOf, rule.inferredFrom?.role, rule.inferredFrom?.asOftenAs], keyPath)
      try requireHyperparameters([rule.enabledBy].compactMap(\.self), keyPath + ".enabled_by")
    }
    try requireHyperparameters(ropeTypes.values.sorted(), "rope_types")
    for case .pair(let key, let value, let condition) in ggufMetadata {
      let keyPath = "gguf_metadata.\(key)"
      if case .formula(let formula) = value { try requireHyperparameters(formula, keyPath) }
      if case .hyperparameter(let name) = condition { try requireHyperparameters([name], keyPath + ".when") }
    }
  }

  private func validateNames(in scheme: NamingScheme) throws(DefinitionError) {
    var seen: [String: String] = [:]
    for rule in storedRules(in: scheme) {
      let name = rule.roles.map(\.rawValue).joined(separator: "+")
      for pattern in rule.patterns {
        if let other = seen.updateValue(name, forKey: pattern.text) {
          throw DefinitionError(keyPath: "schemes.\(scheme.name)", reason: .ambiguousNames(other, name))
        }
      }
    }
  }
}

extension TransformRule {
  var arguments: [Expression] {
    switch self {
    case .rotary(let heads): [heads]
    case .separatePairs(let heads, let rotated): [heads, rotated]
    case .plusOne, .negativeExponential: []
    case .tiled(let groups, let heads), .tiledColumns(let groups, let heads): [groups, heads]
    case .transpose(let blocks): blocks.map { [$0] } ?? []
    }
  }

  /// What it changes; a tensor can have one transform of each.
  fileprivate var subject: String {
    switch self {
    case .rotary, .separatePairs, .tiled: "the order of rows"
    case .plusOne, .negativeExponential: "values"
    case .tiledColumns, .transpose: "columns"
    }
  }
}

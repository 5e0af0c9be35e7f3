import Bytes
import Tensors

extension ArchitectureDefinition {
  /// Checks that everything a rule names is declared, and that no scheme gives two tensors one name.
  func validate() throws(DefinitionError) {
    try validateSchemes()
    try validateTensors()
    try validateNumbers()
    for scheme in schemes { try validateNames(in: scheme) }
  }

  private func requireScheme(_ name: String, _ place: String) throws(DefinitionError) {
    guard scheme(name) != nil else { throw DefinitionError(place: place, fact: .unknownScheme(name)) }
  }

  private func requireParameter(_ name: String, _ place: String) throws(DefinitionError) {
    guard parameter(name) != nil else { throw DefinitionError(place: place, fact: .unknownParameter(name)) }
  }

  private func requireParameters(_ expression: Expression?, _ place: String) throws(DefinitionError) {
    for name in expression?.parameterNames ?? [] { try requireParameter(name, place) }
  }

  private func requireRole(_ role: TensorRole?, _ place: String) throws(DefinitionError) {
    guard let role else { return }
    guard rule(role) != nil else { throw DefinitionError(place: place, fact: .unknownRole(role.rawValue)) }
  }

  private func validateSchemes() throws(DefinitionError) {
    for scheme in schemes {
      let place = "schemes.\(scheme.name)"
      if let base = scheme.base { try requireScheme(base, place) }
      if let flag = scheme.condition { try requireParameter(flag, place + ".when") }
    }
  }

  private func validateTensors() throws(DefinitionError) {
    for (index, rule) in tensors.enumerated() {
      let place = "tensors[\(index)]"
      for name in rule.names.keys { try requireScheme(name, place + ".names") }
      for (scheme, transform) in rule.transforms {
        try requireScheme(scheme, place + ".transforms")
        try requireParameters(transform.argument, place + ".transforms")
      }
      for extent in rule.shape { try requireParameters(extent, place + ".shape") }
      try requireParameters(rule.instances, place + ".parts")
      try requireParameters(rule.layers, place + ".layers")
      try validateShapes(rule.shapes, place)
      try requireRole(rule.tiedTo, place + ".tied_to")
    }
    for (index, rule) in packed.enumerated() {
      let place = "packed[\(index)]"
      for role in rule.roles { try requireRole(role, place + ".roles") }
      for name in rule.names.keys { try requireScheme(name, place + ".names") }
      for (scheme, arrangement) in rule.arrangements {
        try requireScheme(scheme, place + ".arrangements")
        if case .grouped(let groups) = arrangement { try requireParameters(groups, place + ".arrangements") }
      }
      for name in rule.transposedSchemes { try requireScheme(name, place + ".transposed") }
      try validateShapes(rule.shapes, place)
    }
    for (index, rule) in dropped.enumerated() { try requireRole(rule.copyOf, "dropped[\(index)].copy_of") }
    for roles in writtenTogether { for role in roles { try requireRole(role, "written_together") } }
  }

  private func validateShapes(_ shapes: [String: [Expression]], _ place: String) throws(DefinitionError) {
    for (scheme, dimensions) in shapes {
      try requireScheme(scheme, place + ".shapes")
      for extent in dimensions { try requireParameters(extent, place + ".shapes") }
    }
  }

  private func validateNumbers() throws(DefinitionError) {
    for (index, rule) in parameters.enumerated() {
      let place = "parameters[\(index)]"
      for case .formula(let formula) in rule.defaults { try requireParameters(formula, place + ".default") }
      for role in [rule.rowsOf, rule.shownBy?.role] { try requireRole(role, place) }
      if let flag = rule.enabledBy { try requireParameter(flag, place + ".enabled_by") }
    }
    for case .pair(_, let value, let condition) in ggufMetadata {
      if case .formula(let formula) = value { try requireParameters(formula, "gguf_metadata") }
      if case .parameter(let name) = condition { try requireParameter(name, "gguf_metadata") }
    }
  }

  private func validateNames(in scheme: NamingScheme) throws(DefinitionError) {
    var seen: [String: String] = [:]
    for rule in storedRules(in: scheme) {
      let name = rule.roles.map(\.rawValue).joined(separator: "+")
      for pattern in rule.patterns {
        if let other = seen.updateValue(name, forKey: pattern.text) {
          throw DefinitionError(place: "schemes.\(scheme.name)", fact: .ambiguousNames(other, name))
        }
      }
    }
  }
}

extension TransformRule {
  fileprivate var argument: Expression? {
    switch self {
    case .rotary(let heads): heads
    case .plusOne: nil
    case .transpose(let blocks): blocks
    }
  }
}

import Bytes

extension ArchitectureDefinition {
  /// The metadata of a GGUF. Groups that the list omits are inserted at the position that llama.cpp's converter usually has.
  static func readMetadata(_ object: inout StrictObject) throws(DefinitionError) -> [GGUFMetadataRule] {
    var rules: [GGUFMetadataRule] = []
    for var entry in try object.entries("gguf_metadata", named: "key") {
      switch try entry.optionalString("group") {
      case nil: rules.append(try readPair(&entry))
      case let name?:
        guard let group = GGUFMetadataRule.groups[name] else {
          let known = (GGUFMetadataRule.groups.keys + ["inherited"]).sorted().joined(separator: ", ")
          throw DefinitionError(
            keyPath: entry.path("group"), reason: .wrongKind(expected: "one of \(known)", found: name.quoted))
        }
        rules.append(group)
      }
      try entry.finish()
    }
    return complete(rules)
  }

  private static func complete(_ rules: [GGUFMetadataRule]) -> [GGUFMetadataRule] {
    var rules = rules
    // Of the marks that the base has too, the last counts.
    for mark in GGUFMetadataRule.groups.values {
      while rules.count(where: { $0 == mark }) > 1, let first = rules.firstIndex(of: mark) { rules.remove(at: first) }
    }
    if !rules.contains(.general) { rules.insert(.general, at: 0) }
    for last in [GGUFMetadataRule.quantizationVersion, .vocabulary] where !rules.contains(last) { rules.append(last) }
    return rules
  }

  private static func readPair(_ entry: inout StrictObject) throws(DefinitionError) -> GGUFMetadataRule {
    let key = try entry.string("key")
    let value: GGUFMetadataRule.Value
    if let constant = entry.take("constant") {
      let typeName = try entry.optionalString("type")
      guard let kind = typeName.map(HyperparameterRule.Kind.init(rawValue:)) ?? HyperparameterRule.Kind(of: constant),
        let parsed = HyperparameterValue(constant, kind: kind)
      else {
        throw DefinitionError(
          keyPath: entry.path("constant"),
          reason: .wrongKind(
            expected: "a constant of type \(typeName ?? "u32, f32, bool or string")", found: constant.kindName))
      }
      value = .constant(parsed)
    } else {
      guard let formula = try entry.expression("value") else {
        throw entry.missing("value")
      }
      value = .formula(formula)
    }
    return switch try entry.optionalString("when") {
    case nil: .pair(key: key, value: value, condition: .always)
    case "explicit": .pair(key: key, value: value, condition: .explicit)
    case "unscaled": .pair(key: key, value: value, condition: .unscaled)
    case let name?: .pair(key: key, value: value, condition: .hyperparameter(name))
    }
  }
}

extension HyperparameterRule.Kind {
  /// The kind that a JSON value has by itself.
  fileprivate init?(of json: JSON) {
    switch json {
    case .bool: self = .bool
    case .number: self = json.integer == nil ? .f32 : .u32
    case .string: self = .string
    default: return nil
    }
  }
}

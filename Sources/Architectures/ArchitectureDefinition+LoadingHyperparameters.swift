import Bytes
import Tensors

extension ArchitectureDefinition {
  static func readHyperparameters(_ object: inout StrictObject) throws(DefinitionError) -> [HyperparameterRule] {
    var rules: [HyperparameterRule] = []
    for var entry in try object.entries("hyperparameters", named: "name") {
      let name = try entry.string("name")
      let typeName = try entry.string("type")
      let isKeyed = typeName.hasPrefix("{") && typeName.hasSuffix("}")
      let isList = isKeyed || (typeName.hasPrefix("[") && typeName.hasSuffix("]"))
      guard let kind = HyperparameterRule.Kind(rawValue: isList ? String(typeName.dropFirst().dropLast()) : typeName)
      else {
        throw DefinitionError(
          keyPath: entry.path("type"),
          reason: .wrongKind(
            expected: "u32, f32, bool, string or a list of them such as [bool] or {string}", found: typeName.quoted
          ))
      }
      let isOptional = try entry.flag("optional")
      let defaults = try readDefaults(&entry, kind, isList)
      let configKeys = try entry.strings("config") ?? []
      guard isOptional || !defaults.isEmpty else {
        throw entry.missing("default")
      }
      rules.append(
        HyperparameterRule(
          name: name, kind: kind, isList: isList, mayDifferByLayer: try entry.flag("by_layer"), isKeyedByIndex: isKeyed,
          countsElements: try entry.flag("counts_elements"), length: try readLength(&entry),
          placeholder: try readValue("placeholder", &entry, kind, isList),
          nullValue: try readValue("null", &entry, kind, isList), configKeys: configKeys,
          writtenKey: try entry.flag("reading_only") ? nil : try entry.optionalString("written_as") ?? configKeys.first,
          independentKeys: try entry.strings("independent") ?? [],
          enumValues: try readEnumValues(&entry, kind), metaKeys: try entry.strings("meta") ?? [],
          ggufKeys: try entry.strings("gguf") ?? [], defaults: defaults,
          countsAsExplicit: try entry.flag("counts_as_explicit"), isOptional: isOptional,
          enabledBy: try entry.optionalString("enabled_by"),
          rowsOf: try entry.optionalString("rows_of").map(TensorRole.init(rawValue:)),
          inferredFrom: try readSign(&entry, kind)))
      try entry.finish()
    }
    return rules
  }

  private static func readLength(_ entry: inout StrictObject) throws(DefinitionError) -> Int? {
    guard let stated = entry.take("length") else { return nil }
    guard let length = stated.integer, (1...HyperparameterRule.greatestLength).contains(length) else {
      throw DefinitionError(
        keyPath: entry.path("length"),
        reason: .wrongKind(
          expected: "a number up to \(HyperparameterRule.greatestLength)", found: stated.text(.compact)))
    }
    return length
  }

  /// One default or, as an array, several of which the first that can be had counts.
  private static func readDefaults(
    _ entry: inout StrictObject, _ kind: HyperparameterRule.Kind, _ isList: Bool
  ) throws(DefinitionError) -> [HyperparameterRule.Default] {
    guard let stated = entry.take("default") else { return [] }
    var defaults: [HyperparameterRule.Default] = []
    // Of a list, an array may be the value itself; one with a formula or a list in it lists several.
    let isValue = isList && stated.array?.contains { $0.array != nil || ($0.string != nil && kind != .string) } != true
    for value in isValue ? [stated] : stated.array ?? [stated] {
      if let text = value.string, kind != .string {
        guard let formula = Expression(text) else {
          throw DefinitionError(keyPath: entry.path("default"), reason: .badExpression(text))
        }
        defaults.append(.formula(formula))
      } else if let constant = HyperparameterValue(value, kind: kind, isList: isList) {
        defaults.append(.value(constant))
      } else {
        throw DefinitionError(
          keyPath: entry.path("default"), reason: .wrongKind(expected: "a \(kind.rawValue)", found: value.kindName))
      }
    }
    return defaults
  }

  /// `presence_of` or `absence_of` for a flag, or `shown_by`.
  private static func readSign(
    _ entry: inout StrictObject, _ kind: HyperparameterRule.Kind
  ) throws(DefinitionError) -> HyperparameterRule.TensorEvidence? {
    for (key, value) in [("presence_of", true), ("absence_of", false)] {
      guard let role = try entry.optionalString(key) else { continue }
      return HyperparameterRule.TensorEvidence(
        role: TensorRole(rawValue: role), layer: nil, present: .bool(value), absent: .bool(!value))
    }
    guard let stated = entry.take("inferred_from") else { return nil }
    var source = try StrictObject(stated, at: entry.path("inferred_from"))
    func value(_ key: String) throws(DefinitionError) -> HyperparameterValue {
      guard let value = source.take(key) else { throw source.missing(key) }
      guard let constant = HyperparameterValue(value, kind: kind) else {
        throw DefinitionError(
          keyPath: source.path(key), reason: .wrongKind(expected: "a \(kind.rawValue)", found: value.kindName))
      }
      return constant
    }
    let role = TensorRole(rawValue: try source.string("tensor"))
    let layerMember = source.take("after_layer")
    let layer = layerMember?.integer.flatMap { $0 < 0 ? nil : $0 }
    if let layerMember, layer == nil {
      throw DefinitionError(
        keyPath: source.path("after_layer"), reason: .wrongKind(expected: "a layer", found: layerMember.kindName))
    }
    let result = HyperparameterRule.TensorEvidence(
      role: role, layer: layer, asOftenAs: try source.optionalString("as_often_as").map(TensorRole.init(rawValue:)),
      present: try value("present"), absent: try value("absent"))
    try source.finish()
    return result
  }

  private static func readValue(
    _ member: String, _ entry: inout StrictObject, _ kind: HyperparameterRule.Kind, _ isList: Bool
  ) throws(DefinitionError) -> HyperparameterValue? {
    guard let stated = entry.take(member) else { return nil }
    guard let value = HyperparameterValue(stated, kind: kind, isList: isList) else {
      throw DefinitionError(
        keyPath: entry.path(member), reason: .wrongKind(expected: "a \(kind.rawValue)", found: stated.kindName))
    }
    return value
  }

  /// Strings of config.json and the values that they map to.
  private static func readEnumValues(
    _ entry: inout StrictObject, _ kind: HyperparameterRule.Kind
  ) throws(DefinitionError) -> [HyperparameterRule.EnumValue] {
    var enumValues: [HyperparameterRule.EnumValue] = []
    for member in try entry.members("enum_values") ?? [] {
      guard let value = HyperparameterValue(member.value, kind: kind) else {
        throw DefinitionError(
          keyPath: member.keyPath, reason: .wrongKind(expected: "a \(kind.rawValue)", found: member.value.kindName))
      }
      enumValues.append(HyperparameterRule.EnumValue(word: member.name, value: value))
    }
    return enumValues
  }

  static func readHyperparameterDefaults(
    _ object: inout StrictObject, _ rules: [HyperparameterRule]
  ) throws(DefinitionError) -> [String: [String: HyperparameterValue]] {
    var result: [String: [String: HyperparameterValue]] = [:]
    var aliases: [(name: String, of: String, keyPath: String)] = []
    for member in try object.members("hyperparameter_defaults") ?? [] {
      if let other = member.value.string {
        aliases.append((member.name, other, member.keyPath))
        continue
      }
      guard let values = member.value.object else {
        throw DefinitionError(
          keyPath: member.keyPath, reason: .wrongKind(expected: "an object", found: member.value.kindName))
      }
      for (name, value) in values {
        guard let rule = rules.first(where: { $0.name == name.text }) else {
          throw DefinitionError(
            keyPath: member.keyPath,
            reason: .undeclared(.hyperparameter, name.text, nearest: name.text.nearest(among: rules.map(\.name))))
        }
        guard let constant = HyperparameterValue(value, kind: rule.kind, isList: rule.isList) else {
          throw DefinitionError(
            keyPath: "\(member.keyPath).\(name)",
            reason: .wrongKind(expected: "a \(rule.kind.rawValue)", found: value.kindName))
        }
        result[member.name, default: [:]][name.text] = constant
      }
    }
    let own = Array(result.keys)
    for alias in aliases {
      guard let values = result[alias.of], own.contains(alias.of) else {
        throw DefinitionError(
          keyPath: alias.keyPath, reason: .undeclared(.modelType, alias.of, nearest: alias.of.nearest(among: own)))
      }
      result[alias.name] = values
    }
    return result
  }
}

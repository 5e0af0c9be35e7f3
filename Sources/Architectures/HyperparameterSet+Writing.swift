import Bytes
import Tensors

extension ArchitectureDefinition {
  /// The key–value pairs of one rule of `ggufMetadata`; none for groups that the program fills.
  ///
  /// - Parameter explicitRotary: the rotary members of the configuration (`RopeParameters.members`).
  public func metadata(
    of rule: GGUFMetadataRule, _ set: HyperparameterSet, explicitRotary: JSON.Object
  ) -> [(key: String, value: MetadataValue)] {
    switch rule {
    case .rotaryScaling:
      return set.rotaryScaling.metadata(architecture: ggufArchitecture ?? name, explicit: explicitRotary)
    case .longRoPEFactor:
      return set.rotaryScaling.longRoPEFactor(architecture: ggufArchitecture ?? name)
    case .pair(let key, let value, let condition):
      guard let number = self.value(value, set), holds(condition, of: value, set) else { return [] }
      return [(ggufKey(key), number.metadata)]
    case .general, .fileType, .quantizationVersion, .vocabulary: return []
    }
  }

  private func value(_ value: GGUFMetadataRule.Value, _ set: HyperparameterSet) -> HyperparameterValue? {
    switch value {
    case .constant(let constant): constant
    case .formula(let formula): formula.value(set)
    }
  }

  private func holds(
    _ condition: GGUFMetadataRule.Condition, of value: GGUFMetadataRule.Value, _ set: HyperparameterSet
  ) -> Bool {
    switch (condition, value) {
    case (.always, _), (.explicit, .constant): true
    case (.explicit, .formula(let formula)): formula.hyperparameterNames.allSatisfy(set.explicit.contains)
    case (.unscaled, _): set.rotaryScaling == .none
    case (.hyperparameter(let name), _): set.values[name].map { !$0.isNothing } ?? false
    }
  }

  /// Parameters that a GGUF has no key for and cannot show by its tensors, and without which another model is read
  /// from it: they are lost in it.
  public func hyperparametersLostInGGUF(_ set: HyperparameterSet) -> [(name: String, value: String)] {
    var kept: Set<String> = []
    for case .pair(_, .formula(let formula), _) in ggufMetadata { kept.formUnion(formula.hyperparameterNames) }
    // What others are computed from is not lost as long as these are kept.
    for rule in hyperparameters where kept.contains(rule.name) {
      for case .formula(let formula) in rule.defaults { kept.formUnion(formula.hyperparameterNames) }
    }
    let numbers = hyperparameters(set)
    // Such as the layers of a pattern: read from the GGUF, they follow from the pattern's default.
    let followers = hyperparameters.filter { rule in
      !kept.contains(rule.name) && rule.formulaDefault(set).map { $0 == set.values[rule.name] } == true
    }
    return hyperparameters.compactMap { rule in
      guard !kept.contains(rule.name), rule.rowsOf == nil, let key = rule.writtenKey,
        let value = set.values[rule.name], value != rule.formulaDefault(set)
      else { return nil }
      if let source = rule.inferredFrom {
        return [source.present, source.absent].contains(value) ? nil : (key, value.description)
      }
      var rest = set
      rest.values[rule.name] = rule.defaultValue(set)
      for follower in followers { rest.values[follower.name] = follower.formulaDefault(rest) }
      if value == rest.values[rule.name] || numbers != nil && numbers == hyperparameters(rest) { return nil }
      return (key, value.description)
    }
  }

  private func hyperparameters(_ set: HyperparameterSet) -> Hyperparameters? {
    forwardPass.flatMap { try? Hyperparameters(set, features: $0) }
  }

  /// The members of a config.json of transformers 4, which transformers 5 reads too.
  public func configurationMembers(_ set: HyperparameterSet) -> JSON.Object {
    var members = configConstants
    for rule in hyperparameters {
      guard let key = rule.writtenKey, let value = set.values[rule.name] else { continue }
      members.set(value.configuration(rule), at: key.split(separator: ".")[...])
    }
    if ropeForm == .byLayerTypeOnly {
      let scaling = set.rotaryScaling.configurationMember?.object ?? ["rope_type": .string("default")]
      for (key, value) in scaling {
        members.set(value, at: ["rope_parameters", "full_attention", Substring(key.text)])
      }
      members.set(.string("default"), at: ["rope_parameters", "sliding_attention", "rope_type"])
    } else if var scaling = set.rotaryScaling.configurationMember?.object {
      for (key, value) in members["rope_scaling"]?.object ?? [:] { scaling[key] = value }
      members["rope_scaling"] = .object(scaling)
    } else if members["rope_scaling"] == nil {
      members["rope_scaling"] = .null
    }
    return members
  }
}

extension JSON.Object {
  /// Sets the member at the end of a path of nested objects, which are made where they are missing.
  fileprivate mutating func set(_ value: JSON, at path: ArraySlice<Substring>) {
    guard let first = path.first else { return }
    let key = ExactString(String(first))
    guard path.count > 1 else { return self[key] = value }
    var inner = self[key]?.object ?? [:]
    inner.set(value, at: path.dropFirst())
    self[key] = .object(inner)
  }
}

extension HyperparameterValue {
  fileprivate var metadata: MetadataValue {
    switch self {
    case .integer(let value): .uint32(UInt32(clamping: value))
    case .real(let value): .float32(Float(value))
    case .bool(let value): .bool(value)
    case .text(let value): .string(ByteString(value))
    case .list(let values): .array(Self.array(values))
    }
  }

  /// A list takes the type of its first element; a GGUF has no mixed ones.
  private static func array(_ values: [HyperparameterValue]) -> MetadataArray {
    switch values.first {
    case .real: .float32(values.map { if case .real(let value) = $0 { Float(value) } else { 0 } })
    case .bool: .bool(values.map { $0 == .bool(true) })
    case .text: .string(PackedStrings(values.map(\.description)))
    // gguf-py writes whole numbers of a list as int32.
    default: .int32(values.map { if case .integer(let value) = $0 { Int32(clamping: value) } else { 0 } })
    }
  }
}

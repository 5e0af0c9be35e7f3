import Bytes
import Tensors

extension Definition {
  /// Reads a definition; unknown keys, schemes, parameters and roles are errors.
  ///
  /// - Parameter bundled: gives the text of the bundled definition that `extends` names.
  public init(json: JSON, bundled: (String) -> JSON?) throws(DefinitionError) {
    var object = try StrictObject(json, at: "")
    name = try object.string("name")
    summary = try object.string("summary")
    var base: Definition?
    if let baseName = try object.optionalString("extends") {
      guard let found = bundled(baseName) else {
        throw DefinitionError(place: "extends", fact: .unknownBase(baseName))
      }
      guard found["extends"] == nil else {
        throw DefinitionError(place: "extends", fact: .baseExtendsAnother(baseName))
      }
      base = try Definition(json: found) { _ in nil }
    }
    isExtension = base != nil
    classes = try object.strings("classes") ?? []
    modelTypes = try object.strings("model_types") ?? []
    ggufArchitecture = try object.optionalString("gguf_architecture") ?? base?.ggufArchitecture ?? name
    schemes = try Self.readSchemes(&object) ?? base?.schemes ?? []
    parameters = try Self.merge(base?.parameters, try Self.readParameters(&object), at: "parameters") { $0.name }
    parameterDefaults = try Self.readParameterDefaults(&object, parameters).merging(base?.parameterDefaults ?? [:]) {
      own, _ in own
    }
    configConstants =
      try object.members("config_constants").map { members in
        JSON.Object(uniqueKeysWithValues: members.map { (ExactString($0.name), $0.value) })
      } ?? base?.configConstants ?? [:]
    ggufMetadata = try Self.readMetadata(&object) ?? base?.ggufMetadata ?? []
    tensors = try Self.merge(base?.tensors, try Self.readTensors(&object), at: "tensors") { $0.role.rawValue }
    derived = try Self.readDerived(&object) ?? base?.derived ?? []
    dropped = (base?.dropped ?? []) + (try Self.readDropped(&object))
    vocabulary = object.take("vocabulary") ?? base?.vocabulary
    forwardPass =
      if let features = object.take("forward_pass") {
        try ForwardPassFeatures(json: features, base: base?.forwardPass ?? ForwardPassFeatures())
      } else {
        base?.forwardPass
      }
    try object.finish()
    try validate()
  }

  /// The rules of a base with those of the extension in place of, or behind, them.
  private static func merge<Rule>(
    _ base: [Rule]?, _ own: [Rule], at place: String, key: (Rule) -> String
  ) throws(DefinitionError) -> [Rule] {
    var rules = base ?? []
    var seen: Set<String> = []
    for rule in own {
      guard seen.insert(key(rule)).inserted else { throw DefinitionError(place: place, fact: .duplicate(key(rule))) }
      if let index = rules.firstIndex(where: { key($0) == key(rule) }) {
        rules[index] = rule
      } else {
        rules.append(rule)
      }
    }
    return rules
  }

  private static func readSchemes(_ object: inout StrictObject) throws(DefinitionError) -> [NamingScheme]? {
    guard let members = try object.members("schemes") else { return nil }
    var schemes: [NamingScheme] = []
    for member in members {
      var entry = try StrictObject(member.value, at: member.place)
      schemes.append(
        NamingScheme(
          name: member.name, base: try entry.optionalString("based_on"), className: try entry.optionalString("class"),
          modelType: try entry.optionalString("model_type"), numbersFile: try entry.optionalString("numbers_file")))
      try entry.finish()
    }
    return schemes
  }

  private static func readParameters(_ object: inout StrictObject) throws(DefinitionError) -> [ParameterRule] {
    var rules: [ParameterRule] = []
    for (index, value) in (try object.array("parameters") ?? []).enumerated() {
      var entry = try StrictObject(value, at: "parameters[\(index)]")
      let name = try entry.string("name")
      let kindName = try entry.string("type")
      guard let kind = ParameterRule.Kind(rawValue: kindName) else {
        throw DefinitionError(
          place: entry.path("type"), fact: .wrongKind(expected: "u32, f32 or bool", found: kindName.quoted))
      }
      let isOptional = try entry.flag("optional")
      let defaultValue = try readDefault(&entry, kind)
      guard isOptional || defaultValue != nil else {
        throw DefinitionError(place: entry.place, fact: .missing("default"))
      }
      rules.append(
        ParameterRule(
          name: name, kind: kind, configKeys: try entry.strings("config") ?? [],
          metaKey: try entry.optionalString("meta"), defaultValue: defaultValue, isOptional: isOptional,
          rowsOf: try entry.optionalString("rows_of").map(TensorRole.init(rawValue:)),
          presenceOf: try entry.optionalString("presence_of").map(TensorRole.init(rawValue:)),
          absenceOf: try entry.optionalString("absence_of").map(TensorRole.init(rawValue:))))
      try entry.finish()
    }
    return rules
  }

  private static func readDefault(
    _ entry: inout StrictObject, _ kind: ParameterRule.Kind
  ) throws(DefinitionError) -> ParameterRule.Default? {
    guard let value = entry.take("default") else { return nil }
    if let text = value.string {
      let parts = text.split(separator: "/").map(String.init)
      guard (1...2).contains(parts.count) else {
        throw DefinitionError(place: entry.path("default"), fact: .unknownParameter(text))
      }
      return .quotient(of: parts[0], by: parts.count == 2 ? parts[1] : nil)
    }
    guard let constant = ParameterValue(value, kind: kind) else {
      throw DefinitionError(
        place: entry.path("default"), fact: .wrongKind(expected: "a \(kind.rawValue)", found: value.kindName))
    }
    return .value(constant)
  }

  private static func readParameterDefaults(
    _ object: inout StrictObject, _ rules: [ParameterRule]
  ) throws(DefinitionError) -> [String: [String: ParameterValue]] {
    var result: [String: [String: ParameterValue]] = [:]
    for member in try object.members("parameter_defaults") ?? [] {
      guard let values = member.value.object else {
        throw DefinitionError(
          place: member.place, fact: .wrongKind(expected: "an object", found: member.value.kindName))
      }
      for (name, value) in values {
        guard let rule = rules.first(where: { $0.name == name.text }) else {
          throw DefinitionError(place: member.place, fact: .unknownParameter(name.text))
        }
        guard let constant = ParameterValue(value, kind: rule.kind) else {
          throw DefinitionError(
            place: "\(member.place).\(name)",
            fact: .wrongKind(expected: "a \(rule.kind.rawValue)", found: value.kindName))
        }
        result[member.name, default: [:]][name.text] = constant
      }
    }
    return result
  }

  private static func readMetadata(_ object: inout StrictObject) throws(DefinitionError) -> [GGUFMetadataRule]? {
    guard let elements = try object.array("gguf_metadata") else { return nil }
    var rules: [GGUFMetadataRule] = []
    for (index, value) in elements.enumerated() {
      var entry = try StrictObject(value, at: "gguf_metadata[\(index)]")
      switch try entry.optionalString("group") {
      case "rotary_scaling": rules.append(.rotaryScaling)
      case "file_type": rules.append(.fileType)
      case nil: rules.append(.parameter(key: try entry.string("key"), value: try entry.string("value")))
      case let group?:
        throw DefinitionError(
          place: entry.path("group"), fact: .wrongKind(expected: "rotary_scaling or file_type", found: group.quoted))
      }
      try entry.finish()
    }
    return rules
  }
}

extension ParameterValue {
  /// A JSON value as a parameter of `kind`; nil if it is of another kind.
  init?(_ json: JSON, kind: ParameterRule.Kind) {
    switch kind {
    case .u32:
      // Python writes some integers as reals: 10000.0.
      guard let real = json.real, let integer = json.integer ?? Int(exactly: real), integer >= 0 else { return nil }
      self = .integer(integer)
    case .f32:
      guard let real = json.real else { return nil }
      self = .real(real)
    case .bool:
      guard let flag = json.bool else { return nil }
      self = .bool(flag)
    }
  }
}

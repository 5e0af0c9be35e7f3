import Bytes
import Tensors

extension ArchitectureDefinition {
  static func readTensors(_ object: inout StrictObject) throws(DefinitionError) -> [TensorRule] {
    var rules: [TensorRule] = []
    for (index, value) in (try object.array("tensors") ?? []).enumerated() {
      var entry = try StrictObject(value, at: "tensors[\(index)]")
      rules.append(
        TensorRule(
          role: TensorRole(rawValue: try entry.string("role")),
          shape: try entry.expressions("shape") ?? [], instances: try entry.expression("instances"),
          layers: try entry.expression("layers"), isOptional: try entry.flag("optional"),
          mayHavePaddingRows: try entry.flag("spare_rows"),
          tiedTo: try entry.optionalString("tied_to").map(TensorRole.init(rawValue:)),
          names: try readNames(&entry), transforms: try readTransforms(&entry), shapes: try readShapes(&entry)))
      try entry.finish()
    }
    return rules
  }

  static func readPacked(_ object: inout StrictObject) throws(DefinitionError) -> [FusedTensorRule] {
    var rules: [FusedTensorRule] = []
    for (index, value) in (try object.array("packed") ?? []).enumerated() {
      var entry = try StrictObject(value, at: "packed[\(index)]")
      let roles = (try entry.strings("roles") ?? []).map(TensorRole.init(rawValue:))
      guard !roles.isEmpty else { throw DefinitionError(place: entry.place, fact: .missing("roles")) }
      rules.append(
        FusedTensorRule(
          roles: roles, names: try readNames(&entry), arrangements: try readArrangements(&entry),
          transposedSchemes: Set(try entry.strings("transposed") ?? []), shapes: try readShapes(&entry)))
      try entry.finish()
    }
    return rules
  }

  static func readDerived(_ object: inout StrictObject) throws(DefinitionError) -> [DerivedRule] {
    var rules: [DerivedRule] = []
    for (index, value) in (try object.array("derived") ?? []).enumerated() {
      var entry = try StrictObject(value, at: "derived[\(index)]")
      let role = TensorRole(rawValue: try entry.string("role"))
      guard RotaryScaling.derivedRoles.contains(role) else {
        throw DefinitionError(place: entry.path("role"), fact: .unknownRole(role.rawValue))
      }
      rules.append(DerivedRule(role: role, names: try readNames(&entry)))
      try entry.finish()
    }
    return rules
  }

  static func readDropped(_ object: inout StrictObject) throws(DefinitionError) -> [DroppedRule] {
    var rules: [DroppedRule] = []
    for (index, value) in (try object.array("dropped") ?? []).enumerated() {
      var entry = try StrictObject(value, at: "dropped[\(index)]")
      let pattern = try readPattern(try entry.string("name"), at: entry.path("name"), mayEndInRest: true)
      rules.append(
        DroppedRule(
          pattern: pattern, reason: try entry.string("reason"),
          copyOf: try entry.optionalString("copy_of").map(TensorRole.init(rawValue:))))
      try entry.finish()
    }
    return rules
  }

  static func readTransformKinds(_ object: inout StrictObject) throws(DefinitionError) -> [TransformRule.Kind] {
    var kinds: [TransformRule.Kind] = []
    for word in try object.strings("told_by_values") ?? [] {
      guard let kind = TransformRule.Kind(rawValue: word), kind.isTestable else {
        throw DefinitionError(place: "told_by_values", fact: .notTestable(word))
      }
      kinds.append(kind)
    }
    return kinds
  }

  private static func readNames(_ entry: inout StrictObject) throws(DefinitionError) -> [String: [NamePattern]] {
    var names: [String: [NamePattern]] = [:]
    for member in try entry.members("names") ?? [] {
      let texts = member.value.array ?? [member.value]
      for text in texts {
        guard let text = text.string else {
          throw DefinitionError(
            place: member.place, fact: .wrongKind(expected: "a string or strings", found: text.kindName))
        }
        names[member.name, default: []].append(try readPattern(text, at: member.place))
      }
    }
    return names
  }

  private static func readPattern(
    _ text: String, at place: String, mayEndInRest: Bool = false
  ) throws(DefinitionError) -> NamePattern {
    guard let pattern = NamePattern(text, mayEndInRest: mayEndInRest) else {
      throw DefinitionError(place: place, fact: .badPattern(text))
    }
    return pattern
  }

  private static func readTransforms(_ entry: inout StrictObject) throws(DefinitionError) -> [String: TransformRule] {
    var rules: [String: TransformRule] = [:]
    for member in try entry.members("transforms") ?? [] {
      guard let call = member.value.string.flatMap(Call.init), let rule = TransformRule(call) else {
        throw DefinitionError(place: member.place, fact: .badTransform(member.value.string ?? member.value.kindName))
      }
      rules[member.name] = rule
    }
    return rules
  }

  private static func readArrangements(
    _ entry: inout StrictObject
  ) throws(DefinitionError) -> [String: FusionOrder] {
    var rules: [String: FusionOrder] = [:]
    for member in try entry.members("arrangements") ?? [] {
      guard let call = member.value.string.flatMap(Call.init), let rule = FusionOrder(call) else {
        throw DefinitionError(place: member.place, fact: .badArrangement(member.value.string ?? member.value.kindName))
      }
      rules[member.name] = rule
    }
    return rules
  }

  private static func readShapes(_ entry: inout StrictObject) throws(DefinitionError) -> [String: [Expression]] {
    var shapes: [String: [Expression]] = [:]
    for member in try entry.members("shapes") ?? [] {
      shapes[member.name] = try StrictObject.expressions(member.value, at: member.place)
    }
    return shapes
  }
}

/// A word with an optional formula behind it: `rotary(head_count)`.
struct Call {
  let word: String
  let argument: Expression?

  init?(_ text: String) {
    guard let open = text.firstIndex(of: "(") else {
      (word, argument) = (text, nil)
      return
    }
    guard text.hasSuffix(")"), let argument = Expression(String(text[text.index(after: open)...].dropLast())) else {
      return nil
    }
    (word, self.argument) = (String(text[..<open]), argument)
  }
}

extension TransformRule {
  fileprivate init?(_ call: Call) {
    switch (call.word, call.argument) {
    case ("rotary", let heads?): self = .rotary(heads)
    case ("plus_one", nil): self = .plusOne
    case ("transpose", let blocks): self = .transpose(blocks)
    default: return nil
    }
  }

  /// The transform as a definition spells it.
  public var wording: String {
    switch self {
    case .rotary(let heads): "rotary(\(heads))"
    case .plusOne: "plus_one"
    case .transpose(let blocks): blocks.map { "transpose(\($0))" } ?? "transpose"
    }
  }
}

extension FusionOrder {
  fileprivate init?(_ call: Call) {
    switch (call.word, call.argument) {
    case ("concatenated", nil): self = .concatenated
    case ("stacked", nil): self = .stacked
    case ("grouped", let groups?): self = .grouped(groups)
    default: return nil
    }
  }

  /// The arrangement as a definition spells it.
  public var wording: String {
    switch self {
    case .concatenated: "concatenated"
    case .grouped(let groups): "grouped(\(groups))"
    case .stacked: "stacked"
    }
  }
}

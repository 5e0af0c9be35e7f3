import Bytes
import Tensors

extension ArchitectureDefinition {
  static func readTensors(_ object: inout StrictObject) throws(DefinitionError) -> [TensorRule] {
    var rules: [TensorRule] = []
    for var entry in try object.entries("tensors", named: "role") {
      rules.append(
        TensorRule(
          role: TensorRole(rawValue: try entry.string("role")),
          shape: try entry.expressions("shape") ?? [], instances: try entry.expression("instances"),
          layers: try entry.expression("layers"), isOptional: try entry.flag("optional"),
          isOfPrediction: try entry.flag("prediction"),
          firstLayer: try entry.integer("first_layer") ?? 0, unusedReason: try entry.optionalString("unused"),
          isLeftOutByReference: try entry.flag("left_out_by_reference"),
          ggufWarning: try entry.optionalString("gguf_warning"),
          requiredLayers: try entry.expression("required_in"),
          mayHavePaddingRows: try entry.flag("padding_rows"),
          tiedTo: try entry.optionalString("tied_to").map(TensorRole.init(rawValue:)),
          names: try readNames(&entry), transforms: try readTransforms(&entry), shapes: try readShapes(&entry)))
      try entry.finish()
    }
    return rules
  }

  static func readFusedTensors(_ object: inout StrictObject) throws(DefinitionError) -> [FusedTensorRule] {
    var rules: [FusedTensorRule] = []
    for var entry in try object.entries("fused", named: "roles") {
      let roles = (try entry.strings("roles") ?? []).map(TensorRole.init(rawValue:))
      guard !roles.isEmpty else { throw entry.missing("roles") }
      rules.append(
        FusedTensorRule(
          roles: roles, names: try readNames(&entry), fusionOrders: try readFusionOrders(&entry),
          transposedSchemes: Set(try entry.strings("transposed") ?? []),
          turnedSchemes: Set(try entry.strings("transposed_or_not") ?? []), shapes: try readShapes(&entry)))
      try entry.finish()
    }
    return rules
  }

  static func readDerived(_ object: inout StrictObject) throws(DefinitionError) -> [DerivedRule] {
    var rules: [DerivedRule] = []
    for var entry in try object.entries("derived", named: "role") {
      let role = TensorRole(rawValue: try entry.string("role"))
      guard RotaryScaling.derivedRoles.contains(role) else {
        throw DefinitionError(
          keyPath: entry.path("role"),
          reason: .undeclared(
            .role, role.rawValue, nearest: role.rawValue.nearest(among: RotaryScaling.derivedRoles.map(\.rawValue))))
      }
      rules.append(DerivedRule(role: role, names: try readNames(&entry)))
      try entry.finish()
    }
    return rules
  }

  static func readDropped(_ object: inout StrictObject) throws(DefinitionError) -> [DroppedRule] {
    var rules: [DroppedRule] = []
    for var entry in try object.entries("dropped", named: "name") {
      let pattern = try readPattern(try entry.string("name"), at: entry.path("name"), wildcard: .trailing)
      rules.append(
        DroppedRule(
          pattern: pattern, reason: try entry.string("reason"),
          copyOf: try entry.optionalString("copy_of").map(TensorRole.init(rawValue:)),
          isOfPrediction: try entry.flag("prediction")))
      try entry.finish()
    }
    return rules
  }

  static func readTransformKinds(_ object: inout StrictObject) throws(DefinitionError) -> [TransformRule.Kind] {
    var kinds: [TransformRule.Kind] = []
    for word in try object.strings("detectable_transforms") ?? [] {
      guard let kind = TransformRule.Kind(rawValue: word), kind.isDetectable else {
        throw DefinitionError(keyPath: "detectable_transforms", reason: .notDetectable(word))
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
            keyPath: member.keyPath, reason: .wrongKind(expected: "a string or strings", found: text.kindName))
        }
        names[member.name, default: []].append(try readPattern(text, at: member.keyPath))
      }
    }
    return names
  }

  private static func readPattern(
    _ text: String, at keyPath: String, wildcard: NamePattern.Wildcard = .none
  ) throws(DefinitionError) -> NamePattern {
    guard let pattern = NamePattern(text, wildcard: wildcard) else {
      throw DefinitionError(keyPath: keyPath, reason: .badPattern(text))
    }
    return pattern
  }

  private static func readTransforms(_ entry: inout StrictObject) throws(DefinitionError) -> [String: [TransformRule]] {
    var rules: [String: [TransformRule]] = [:]
    for member in try entry.members("transforms") ?? [] {
      for stated in member.value.array ?? [member.value] {
        guard let call = stated.string.flatMap(Call.init), let rule = TransformRule(call) else {
          throw DefinitionError(keyPath: member.keyPath, reason: .badTransform(stated.string ?? stated.kindName))
        }
        rules[member.name, default: []].append(rule)
      }
    }
    return rules
  }

  private static func readFusionOrders(
    _ entry: inout StrictObject
  ) throws(DefinitionError) -> [String: FusionOrder] {
    var rules: [String: FusionOrder] = [:]
    for member in try entry.members("fusion_orders") ?? [] {
      guard let call = member.value.string.flatMap(Call.init), let rule = FusionOrder(call) else {
        throw DefinitionError(
          keyPath: member.keyPath, reason: .badFusionOrder(member.value.string ?? member.value.kindName))
      }
      rules[member.name] = rule
    }
    return rules
  }

  private static func readShapes(_ entry: inout StrictObject) throws(DefinitionError) -> [String: [Expression]] {
    var shapes: [String: [Expression]] = [:]
    for member in try entry.members("shapes") ?? [] {
      shapes[member.name] = try StrictObject.expressions(member.value, at: member.keyPath)
    }
    return shapes
  }
}

/// A name with formulas in parentheses, if any: `rotary(head_count)`.
struct Call {
  let word: String
  let arguments: [Expression]

  init?(_ text: String) {
    guard let open = text.firstIndex(of: "(") else {
      (word, arguments) = (text, [])
      return
    }
    guard text.hasSuffix(")") else { return nil }
    let texts = text[text.index(after: open)...].dropLast().split(separator: ",", omittingEmptySubsequences: false)
    let arguments = texts.compactMap { Expression(String($0)) }
    guard arguments.count == texts.count else { return nil }
    (word, self.arguments) = (String(text[..<open]), arguments)
  }
}

extension TransformRule {
  fileprivate init?(_ call: Call) {
    let arguments = call.arguments
    switch (call.word, arguments.count) {
    case ("rotary", 1): self = .rotary(arguments[0])
    case ("separate_pairs", 2): self = .separatePairs(heads: arguments[0], rotated: arguments[1])
    case ("plus_one", 0): self = .plusOne
    case ("negative_exp", 0): self = .negativeExponential
    case ("tiled", 2): self = .tiled(groups: arguments[0], heads: arguments[1])
    case ("tiled_columns", 2): self = .tiledColumns(groups: arguments[0], heads: arguments[1])
    case ("transpose", 0...1): self = .transpose(arguments.first)
    default: return nil
    }
  }

  /// The transform as a definition spells it.
  public var wording: String {
    switch self {
    case .rotary(let heads): "rotary(\(heads))"
    case .separatePairs(let heads, let rotated): "separate_pairs(\(heads),\(rotated))"
    case .plusOne: "plus_one"
    case .negativeExponential: "negative_exp"
    case .tiled(let groups, let heads): "tiled(\(groups),\(heads))"
    case .tiledColumns(let groups, let heads): "tiled_columns(\(groups),\(heads))"
    case .transpose(let blocks): blocks.map { "transpose(\($0))" } ?? "transpose"
    }
  }
}

extension FusionOrder {
  fileprivate init?(_ call: Call) {
    switch (call.word, call.arguments.count) {
    case ("concatenated", 0): self = .concatenated
    case ("stacked", 0...1): self = .stacked(groups: call.arguments.first)
    case ("grouped", 1): self = .grouped(call.arguments[0])
    default: return nil
    }
  }

  /// The fusionOrder as a definition spells it.
  public var wording: String {
    switch self {
    case .concatenated: "concatenated"
    case .grouped(let groups): "grouped(\(groups))"
    case .stacked(let groups): groups.map { "stacked(\($0))" } ?? "stacked"
    }
  }
}

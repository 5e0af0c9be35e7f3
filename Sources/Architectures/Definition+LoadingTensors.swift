import Bytes
import Tensors

extension Definition {
  static func readTensors(_ object: inout StrictObject) throws(DefinitionError) -> [TensorRule] {
    var rules: [TensorRule] = []
    for (index, value) in (try object.array("tensors") ?? []).enumerated() {
      var entry = try StrictObject(value, at: "tensors[\(index)]")
      rules.append(
        TensorRule(
          role: TensorRole(rawValue: try entry.string("role")),
          shape: (try entry.strings("shape") ?? []).map(DimensionExpression.init),
          isOptional: try entry.flag("optional"),
          tiedTo: try entry.optionalString("tied_to").map(TensorRole.init(rawValue:)),
          names: try readNames(&entry),
          transforms: try readTransforms(&entry)))
      try entry.finish()
    }
    return rules
  }

  static func readDerived(_ object: inout StrictObject) throws(DefinitionError) -> [DerivedRule]? {
    guard let elements = try object.array("derived") else { return nil }
    var rules: [DerivedRule] = []
    for (index, value) in elements.enumerated() {
      var entry = try StrictObject(value, at: "derived[\(index)]")
      let role = TensorRole(rawValue: try entry.string("role"))
      guard role == .rotaryFrequencyFactors else {
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
      let pattern = try readPattern(try entry.string("name"), at: entry.path("name"))
      rules.append(DroppedRule(pattern: pattern, reason: try entry.string("reason")))
      try entry.finish()
    }
    return rules
  }

  private static func readNames(_ entry: inout StrictObject) throws(DefinitionError) -> [String: NamePattern] {
    var names: [String: NamePattern] = [:]
    for member in try entry.members("names") ?? [] {
      guard let text = member.value.string else {
        throw DefinitionError(place: member.place, fact: .wrongKind(expected: "a string", found: member.value.kindName))
      }
      names[member.name] = try readPattern(text, at: member.place)
    }
    return names
  }

  private static func readPattern(_ text: String, at place: String) throws(DefinitionError) -> NamePattern {
    guard let pattern = NamePattern(text) else { throw DefinitionError(place: place, fact: .badPattern(text)) }
    return pattern
  }

  private static func readTransforms(_ entry: inout StrictObject) throws(DefinitionError) -> [String: TransformRule] {
    var rules: [String: TransformRule] = [:]
    for member in try entry.members("transforms") ?? [] {
      guard let text = member.value.string, text.hasPrefix("rotary("), text.hasSuffix(")") else {
        throw DefinitionError(place: member.place, fact: .badTransform(member.value.string ?? member.value.kindName))
      }
      rules[member.name] = .rotaryPermutation(headCount: String(text.dropFirst(7).dropLast()))
    }
    return rules
  }

  /// Checks that everything a rule names is declared, and that no scheme gives two tensors one name.
  func validate() throws(DefinitionError) {
    let schemeNames = Set(schemes.map(\.name))
    let parameterNames = Set(parameters.map(\.name))
    let roles = Set(tensors.map(\.role))
    func requireScheme(_ name: String, _ place: String) throws(DefinitionError) {
      guard schemeNames.contains(name) else { throw DefinitionError(place: place, fact: .unknownScheme(name)) }
    }
    func requireParameter(_ name: String, _ place: String) throws(DefinitionError) {
      guard parameterNames.contains(name) else { throw DefinitionError(place: place, fact: .unknownParameter(name)) }
    }
    func requireRole(_ role: TensorRole?, _ place: String) throws(DefinitionError) {
      guard let role else { return }
      guard roles.contains(role) else { throw DefinitionError(place: place, fact: .unknownRole(role.rawValue)) }
    }
    for scheme in schemes { if let base = scheme.base { try requireScheme(base, "schemes.\(scheme.name)") } }
    for (index, rule) in tensors.enumerated() {
      let place = "tensors[\(index)]"
      for name in rule.names.keys { try requireScheme(name, place + ".names") }
      for (scheme, transform) in rule.transforms {
        try requireScheme(scheme, place + ".transforms")
        if case .rotaryPermutation(let name) = transform { try requireParameter(name, place + ".transforms") }
      }
      for dimension in rule.shape {
        for factor in dimension.factors where Int(factor) == nil { try requireParameter(factor, place + ".shape") }
      }
      try requireRole(rule.tiedTo, place + ".tied_to")
    }
    for (index, rule) in parameters.enumerated() {
      let place = "parameters[\(index)]"
      if case .quotient(let dividend, let divisor) = rule.defaultValue {
        try requireParameter(dividend, place + ".default")
        if let divisor { try requireParameter(divisor, place + ".default") }
      }
      for role in [rule.rowsOf, rule.presenceOf, rule.absenceOf] { try requireRole(role, place) }
    }
    for case .parameter(_, let value) in ggufMetadata { try requireParameter(value, "gguf_metadata") }
    for scheme in schemes {
      var seen: [String: TensorRole] = [:]
      for rule in tensors {
        guard let pattern = pattern(of: rule.names, in: scheme) else { continue }
        if let other = seen.updateValue(rule.role, forKey: pattern.text) {
          throw DefinitionError(
            place: "schemes.\(scheme.name)", fact: .ambiguousNames(other.rawValue, rule.role.rawValue))
        }
      }
    }
  }
}

extension TensorRole {
  /// `[head dimension / 2]`: what each rotary frequency is divided by, as GGUF stores Llama 3's scaling.
  public static let rotaryFrequencyFactors: TensorRole = "rotary_frequency_factors"
}

import Bytes
import Tensors

extension ArchitectureDefinition {
  /// What the tensors themselves tell.
  public struct Evidence {
    /// Layers seen.
    let layerCount: Int?
    /// The tensors that are there, in any layer.
    let roles: Set<TensorRole>
    /// The last layer of those that are there in layers.
    let lastLayers: [TensorRole: Int]
    /// The first extents of those that stand alone.
    let rows: [TensorRole: Int]

    /// Collects what was seen.
    public init(
      layerCount: Int?, roles: Set<TensorRole>, lastLayers: [TensorRole: Int] = [:], rows: [TensorRole: Int]
    ) {
      self.layerCount = layerCount
      self.roles = roles
      self.lastLayers = lastLayers
      self.rows = rows
    }
  }

  /// The parameters of a model folder with a config.json.
  ///
  /// - Parameter evidence: what the tensors tell of parameters that have no key in config.json.
  public func parameters(
    of configuration: Configuration, evidence: Evidence? = nil
  ) throws(HyperparameterError) -> HyperparameterSet {
    var defaults = parameterDefaults[configuration.modelType ?? ""] ?? [:]
    for rule in parameters where rule.isOptional || rule.hasFormula {
      // An explicit null says that there is no such number, or that it follows from others.
      if rule.configKeys.contains(where: { configuration.member($0) == .null }) { defaults[rule.name] = nil }
    }
    var set = try complete(defaults: defaults, evidence: evidence, isTold: \.configKeys.isEmpty) {
      rule throws(HyperparameterError) in
      for key in rule.configKeys {
        guard let stated = configuration.member(key), !stated.isNull else { continue }
        guard let value = HyperparameterValue(stated, rule: rule) else {
          throw .wrongKind(key: key, expected: rule.wording, found: stated.kindName)
        }
        return value == rule.placeholder ? nil : value
      }
      return rule.configKeys.contains { configuration.member($0) == .null } ? rule.nullValue : nil
    }
    set.rotaryScaling = try RotaryScaling(
      configuration: configuration, contextLength: set.integer("context_length") ?? 0)
    return set
  }

  /// The keys of a GGUF that state a parameter as it is, in the order in which they are read.
  public func ggufKeys(of rule: HyperparameterRule) -> [String] {
    let written = ggufMetadata.compactMap { entry -> String? in
      guard case .pair(let key, .formula(let formula), _) = entry, formula.singleParameter == rule.name else {
        return nil
      }
      return ggufKey(key)
    }
    let first = rule.ggufKeys.map(ggufKey)
    return first + written.filter { !first.contains($0) }
  }

  /// The parameters of a GGUF; scalings that stand in tensors are left for the caller, who has these.
  public func parameters(of metadata: Metadata, evidence: Evidence) throws(HyperparameterError) -> HyperparameterSet {
    var set = try complete(defaults: [:], evidence: evidence) { rule throws(HyperparameterError) in
      for key in ggufKeys(of: rule) {
        guard let stated = metadata[key] else { continue }
        guard let value = HyperparameterValue(stated, kind: rule.kind, isList: rule.isList) else {
          throw .wrongKind(key: key, expected: rule.wording, found: stated.display())
        }
        return value
      }
      return nil
    }
    set.rotaryScaling = try RotaryScaling(
      metadata: metadata, architecture: ggufArchitecture, contextLength: set.integer("context_length") ?? 0)
    // Of the two multipliers of DeepSeek's scaling a GGUF has one, and every model gives both the same value.
    if case .yarn(var yarn) = set.rotaryScaling, let multiplier = set.real("rotary_mscale_all") {
      (yarn.mscale, yarn.mscaleAllDimensions) = (multiplier, multiplier)
      set.rotaryScaling = .yarn(yarn)
    }
    return set
  }

  /// The parameters of a checkpoint with Meta's params.json (whose numbers may stand under "model").
  public func parameters(ofMeta params: JSON, evidence: Evidence) throws(HyperparameterError) -> HyperparameterSet {
    let members = params["model"] ?? params
    var set = try complete(defaults: [:], evidence: evidence) { rule throws(HyperparameterError) in
      guard let key = rule.metaKey, let stated = members[key], !stated.isNull else { return nil }
      guard let value = HyperparameterValue(stated, rule: rule) else {
        throw .wrongKind(key: key, expected: rule.wording, found: stated.kindName)
      }
      return value
    }
    // Meta leaves out what its programs assume; a GGUF must say it.
    set.stated = Set(set.values.keys)
    return set
  }

  /// What the tensors alone tell: sizes, but no head counts. Nothing is assumed.
  public func parameters(inferredFrom evidence: Evidence) -> HyperparameterSet {
    var set = HyperparameterSet()
    for rule in parameters { set.values[rule.name] = told(rule, evidence) }
    return set
  }

  /// Fills the set: what `stated` finds, else what the tensors tell, else the defaults.
  private func complete(
    defaults: [String: HyperparameterValue], evidence: Evidence? = nil,
    isTold: (HyperparameterRule) -> Bool = { _ in true },
    stated: (HyperparameterRule) throws(HyperparameterError) -> HyperparameterValue?
  ) throws(HyperparameterError) -> HyperparameterSet {
    var set = HyperparameterSet()
    var open: [HyperparameterRule] = []
    for rule in parameters {
      if let value = try stated(rule) {
        set.values[rule.name] = value
        set.stated.insert(rule.name)
      } else if isTold(rule), let value = evidence.flatMap({ told(rule, $0) }) {
        set.values[rule.name] = value
      } else if let value = defaults[rule.name] {
        set.values[rule.name] = value
        set.stated.insert(rule.name)
      } else if !rule.defaults.isEmpty {
        open.append(rule)
      }
    }
    assume(&open, &set)
    for rule in open where !rule.isOptional {
      for case .formula(let formula) in rule.defaults {
        // What it divides by is the only thing that can be wrong with numbers that are there.
        for name in formula.parameterNames where set.integer(name) == 0 { throw .notPositive(name: name, value: 0) }
      }
      throw .missing(name: rule.name, places: rule.configKeys.map(\.quoted).joined(separator: " or "))
    }
    for rule in parameters {
      guard let flag = rule.enabledBy, !set.flag(flag) else { continue }
      set.values[rule.name] = nil
      set.stated.remove(rule.name)
    }
    return set
  }

  /// Gives the open parameters their defaults: formulas as soon as their numbers are known, and constants, one at a
  /// time, only when no formula can be had any more. So two numbers may follow from each other.
  private func assume(_ open: inout [HyperparameterRule], _ set: inout HyperparameterSet) {
    while true {
      let count = open.count
      open.removeAll { rule in
        for case .formula(let formula) in rule.defaults {
          guard let value = formula.value(set), let fitting = value.converted(to: rule.kind) else { continue }
          set.values[rule.name] = fitting
          if rule.isAssumed { set.stated.insert(rule.name) }
          return true
        }
        return false
      }
      if open.count < count { continue }
      guard let index = open.firstIndex(where: { $0.constantDefault != nil }) else { return }
      set.values[open[index].name] = open[index].constantDefault
      set.stated.insert(open[index].name)
      open.remove(at: index)
    }
  }

  /// What the tensors tell of a parameter that no key states.
  private func told(_ rule: HyperparameterRule, _ evidence: Evidence) -> HyperparameterValue? {
    if let role = rule.rowsOf, let rows = evidence.rows[role] { return .integer(rows) }
    if let sign = rule.shownBy {
      let isPresent = sign.layer.map { evidence.lastLayers[sign.role] ?? 0 > $0 } ?? evidence.roles.contains(sign.role)
      return isPresent ? sign.present : sign.absent
    }
    if rule.name == "layer_count", let count = evidence.layerCount { return .integer(count) }
    return nil
  }
}

extension HyperparameterRule {
  /// The default that needs no other number.
  var constantDefault: HyperparameterValue? {
    for case .value(let value) in defaults { return value }
    return nil
  }

  /// Whether other numbers can give its default.
  fileprivate var hasFormula: Bool { defaults.contains { if case .formula = $0 { true } else { false } } }

  /// The value that its first formula which can be had gives.
  func formulaDefault(_ set: HyperparameterSet) -> HyperparameterValue? {
    for case .formula(let formula) in defaults {
      if let value = formula.value(set)?.converted(to: kind) { return value }
    }
    return nil
  }

  /// The default that the numbers of `set` give; nil if it has none.
  func defaultValue(_ set: HyperparameterSet) -> HyperparameterValue? {
    formulaDefault(set) ?? constantDefault
  }

  /// What a file must state.
  var wording: String { isList ? "a list of \(kind.wording.plural)" : kind.wording.single }
}

extension HyperparameterRule.Kind {
  fileprivate var wording: (single: String, plural: String) {
    switch self {
    case .u32: ("a whole number", "whole numbers")
    case .f32: ("a number", "numbers")
    case .bool: ("a boolean", "booleans")
    case .string: ("a string", "strings")
    }
  }
}

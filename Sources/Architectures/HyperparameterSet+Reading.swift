import Bytes
import Tensors

extension ArchitectureDefinition {
  /// The names and shapes of a checkpoint's tensors, from which hyperparameters are inferred.
  public struct ObservedTensors {
    /// The layers with tensors; nil if tensors have no layers.
    public let layerCount: Int?
    /// The roles of the tensors, in any layer.
    let roles: Set<TensorRole>
    /// The layers in which each role occurs.
    let layers: [TensorRole: Set<Int>]
    /// The row counts of tensors that are stored separately.
    let rows: [TensorRole: Int]
    /// The layers that predict more tokens; nil if the names do not tell them from others.
    let predictionLayerCount: Int?

    public init(
      layerCount: Int?, roles: Set<TensorRole>, layers: [TensorRole: Set<Int>] = [:], rows: [TensorRole: Int],
      predictionLayerCount: Int? = nil
    ) {
      self.predictionLayerCount = predictionLayerCount
      self.layerCount = layerCount
      self.roles = roles
      self.layers = layers
      self.rows = rows
    }
  }

  /// Reads the hyperparameters of a model folder with a config.json.
  ///
  /// - Parameter observed: the tensors, for hyperparameters without a key in config.json.
  public func hyperparameters(
    of configuration: Configuration, observed: ObservedTensors? = nil
  ) throws(HyperparameterError) -> HyperparameterSet {
    let configuration = configuration.reading(rope: ropeForm)
    let types = [configuration.nestedModelType, configuration.modelType].compactMap(\.self)
    var defaults = types.lazy.compactMap { hyperparameterDefaults[$0] }.first ?? [:]
    for rule in hyperparameters where rule.isOptional || rule.hasFormula {
      // An explicit null means no value, or one that follows from others.
      if rule.configKeys.contains(where: { configuration.member($0) == .null }) { defaults[rule.name] = nil }
    }
    var set = try complete(defaults: defaults, observed: observed, isInferable: \.configKeys.isEmpty) {
      rule throws(HyperparameterError) in
      for key in rule.configKeys {
        guard let stated = configuration.member(key), !stated.isNull else { continue }
        let value = try rule.value(stated, key: configuration.location(key))
        return value == rule.placeholder ? nil : value
      }
      return rule.configKeys.contains { configuration.member($0) == .null } ? rule.nullValue : nil
    }
    let type = configuration.rope.members["rope_type"]?.string ?? ""
    if let name = ropeTypes[type], let value = set.values[name], !value.isNothing { return set }
    set.rotaryScaling = try RotaryScaling(
      configuration: configuration, contextLength: set.integer("context_length") ?? 0,
      originalContextLength: set.integer("original_context_length"))
    return set
  }

  /// The keys of a GGUF that have the value of a hyperparameter, in the order in which they are read.
  public func ggufKeys(of rule: HyperparameterRule) -> [String] {
    let written = ggufMetadata.compactMap { entry -> String? in
      guard case .pair(let key, .formula(let formula), _) = entry, formula.singleHyperparameter == rule.name else {
        return nil
      }
      return ggufKey(key)
    }
    let first = rule.ggufKeys.map(ggufKey)
    // A key that another hyperparameter names has the value of that one: `block_count` counts further layers too.
    let others = hyperparameters.filter { $0.name != rule.name }.flatMap(\.ggufKeys).map(ggufKey)
    return first + written.filter { !first.contains($0) && !others.contains($0) }
  }

  /// Reads the hyperparameters of a GGUF. The caller adds RoPE scalings that are stored as tensors.
  public func hyperparameters(of metadata: Metadata, observed: ObservedTensors) throws(HyperparameterError)
    -> HyperparameterSet
  {
    // Layers that predict more tokens have names like the others, so a count that follows from a key is not inferred.
    var set = try complete(
      defaults: [:], observed: observed, isInferable: { $0.name != "layer_count" || !$0.hasFormula }, keys: ggufKeys
    ) { rule throws(HyperparameterError) in
      for key in ggufKeys(of: rule) {
        guard let stated = metadata[key] else { continue }
        let value = try rule.value(stated, key: key)
        return value == rule.placeholder ? nil : value
      }
      return nil
    }
    set.rotaryScaling = try RotaryScaling(
      metadata: metadata, architecture: ggufArchitecture ?? name, contextLength: set.integer("context_length") ?? 0)
    // Of the two multipliers of DeepSeek's scaling a GGUF has one, and every model gives both the same value.
    if case .yarn(var yarn) = set.rotaryScaling, let multiplier = set.real("rotary_mscale_all") {
      (yarn.mscale, yarn.mscaleAllDimensions) = (multiplier, multiplier)
      set.rotaryScaling = .yarn(yarn)
    }
    // Nor whether the ends of its ramp are whole pairs, which is the same in every model of an architecture.
    if case .yarn(var yarn) = set.rotaryScaling, set.values["rotary_truncates"] == .bool(false) {
      yarn.truncates = false
      set.rotaryScaling = .yarn(yarn)
    }
    return set
  }

  /// Infers hyperparameters from tensors alone: sizes, but no head counts. No defaults apply.
  public func hyperparameters(inferredFrom observed: ObservedTensors) -> HyperparameterSet {
    var set = HyperparameterSet()
    for rule in hyperparameters { set.values[rule.name] = inferred(rule, observed) }
    if set.values["layer_count"] == nil, let count = observed.layerCount { set.values["layer_count"] = .integer(count) }
    return set
  }

  /// Fills the set from the file (`explicit`), else from tensors, else from defaults.
  func complete(
    defaults: [String: HyperparameterValue], observed: ObservedTensors? = nil,
    isInferable: (HyperparameterRule) -> Bool = { _ in true }, keys: (HyperparameterRule) -> [String] = \.configKeys,
    explicit: (HyperparameterRule) throws(HyperparameterError) -> HyperparameterValue?
  ) throws(HyperparameterError) -> HyperparameterSet {
    var set = HyperparameterSet()
    var open: [HyperparameterRule] = []
    for rule in hyperparameters {
      if let value = try explicit(rule) {
        set.values[rule.name] = value
        set.explicit.insert(rule.name)
      } else if isInferable(rule), let value = observed.flatMap({ inferred(rule, $0) }) {
        set.values[rule.name] = value
      } else if let value = defaults[rule.name] {
        set.values[rule.name] = value
        set.explicit.insert(rule.name)
      } else if !rule.defaults.isEmpty {
        open.append(rule)
      }
    }
    applyDefaults(&open, &set)
    for rule in open where !rule.isOptional {
      for case .formula(let formula) in rule.defaults {
        // Of values that exist, only a divisor of 0 can be wrong.
        for name in formula.hyperparameterNames where set.integer(name) == 0 {
          throw .notPositive(name: name, value: 0)
        }
      }
      throw .missing(name: rule.name, places: keys(rule).map(\.quoted).joined(separator: " or "))
    }
    if let layerCount = set.integer("layer_count") {
      // The lists of a file before those that follow from them.
      let lists = hyperparameters.filter(\.mayDifferByLayer)
      for rule in lists.filter({ set.explicit.contains($0.name) }) + lists {
        guard let list = set.list(rule.name), list.count != layerCount else { continue }
        let places = set.explicit.contains(rule.name) ? keys(rule).map(\.quoted).joined(separator: " or ") : ""
        throw .tooFewLayers(name: rule.name, places: places, expected: layerCount, found: list.count)
      }
    }
    for rule in hyperparameters {
      guard let flag = rule.enabledBy, !set.flag(flag) else { continue }
      set.values[rule.name] = nil
      set.explicit.remove(rule.name)
    }
    return set
  }

  /// Gives the open hyperparameters their defaults: formulas as soon as their inputs are known, then constants, one at a
  /// time, when no formula has all its inputs. So two hyperparameters may follow from each other.
  private func applyDefaults(_ open: inout [HyperparameterRule], _ set: inout HyperparameterSet) {
    while true {
      let count = open.count
      open.removeAll { rule in
        for case .formula(let formula) in rule.defaults {
          guard let value = formula.value(set), let fitting = value.converted(to: rule.kind) else { continue }
          set.values[rule.name] = fitting
          if rule.countsAsExplicit { set.explicit.insert(rule.name) }
          return true
        }
        return false
      }
      if open.count < count { continue }
      guard let index = open.firstIndex(where: { $0.constantDefault != nil }) else { return }
      set.values[open[index].name] = open[index].constantDefault
      set.explicit.insert(open[index].name)
      open.remove(at: index)
    }
  }

  /// The value that the tensors imply; nil if the rule infers none.
  private func inferred(_ rule: HyperparameterRule, _ observed: ObservedTensors) -> HyperparameterValue? {
    if let role = rule.rowsOf, let rows = observed.rows[role] { return .integer(rows) }
    if let source = rule.inferredFrom {
      var isPresent =
        source.layer.map { observed.layers[source.role]?.max() ?? 0 > $0 } ?? observed.roles.contains(source.role)
      if let other = source.asOftenAs {
        isPresent = isPresent && observed.layers[source.role]?.count == observed.layers[other]?.count
      }
      return isPresent ? source.present : source.absent
    }
    // Where layers that predict more tokens follow those of the forward pass, the tensors show the count of both.
    let name = predictionLayers == nil ? "layer_count" : PredictionLayersRule.allLayers
    if rule.name == name, let count = observed.layerCount { return .integer(count) }
    if rule.name == PredictionLayersRule.count, let count = observed.predictionLayerCount { return .integer(count) }
    return nil
  }
}

extension HyperparameterRule {
  /// The default that depends on no other hyperparameter.
  var constantDefault: HyperparameterValue? {
    for case .value(let value) in defaults { return value }
    return nil
  }

  /// Whether its default is a formula.
  fileprivate var hasFormula: Bool { defaults.contains { if case .formula = $0 { true } else { false } } }

  /// The value of its first formula whose inputs are known.
  func formulaDefault(_ set: HyperparameterSet) -> HyperparameterValue? {
    for case .formula(let formula) in defaults {
      if let value = formula.value(set)?.converted(to: kind) { return value }
    }
    return nil
  }

  /// The default in a model with the values of `set`; nil if it has none.
  public func defaultValue(_ set: HyperparameterSet) -> HyperparameterValue? {
    formulaDefault(set) ?? constantDefault
  }

  /// The kind of value that a file must have, in words.
  var wording: String {
    isList
      ? "a list of \(kind.wording.plural)"
      : kind.wording.single + (mayDifferByLayer ? " or a list with one for each layer" : "")
  }
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

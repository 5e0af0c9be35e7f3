import Bytes
import Tensors

extension Definition {
  /// What the tensors themselves tell: the first extent of a tensor and whether it is there.
  public struct Evidence {
    /// The first extent of a tensor of layer 0 (or outside layers); nil if there is no such tensor.
    public let rows: (TensorRole) -> Int?
    /// Layers seen.
    public let layerCount: Int?

    /// Collects the questions that can be asked.
    public init(layerCount: Int?, rows: @escaping (TensorRole) -> Int?) {
      self.rows = rows
      self.layerCount = layerCount
    }
  }

  /// The parameters of a model folder with a config.json.
  public func parameters(of configuration: Configuration) throws(ParameterError) -> ParameterSet {
    let rotary = configuration.rotary
    var defaults = parameterDefaults[configuration.modelType ?? ""] ?? [:]
    for rule in parameters where rule.isOptional {
      // An explicit null says that there is no such number.
      if rule.configKeys.contains(where: { configuration.json[$0] == .null }) { defaults[rule.name] = nil }
    }
    var set = try complete(defaults: defaults) {
      rule throws(ParameterError) in
      for key in rule.configKeys {
        let stated = key == "rope_theta" ? rotary["rope_theta"] : configuration.json[key]
        guard let stated, !stated.isNull else { continue }
        guard let value = ParameterValue(stated, kind: rule.kind) else {
          throw .wrongKind(key: key, expected: rule.kind.wording, found: stated.kindName)
        }
        return value
      }
      return nil
    }
    set.rotaryScaling = try RotaryScaling(
      configuration: configuration, contextLength: set.integer("context_length") ?? 0)
    return set
  }

  /// The parameters of a GGUF; llama3's scaling is left for the caller, who has the tensor.
  public func parameters(of metadata: Metadata, evidence: Evidence) throws(ParameterError) -> ParameterSet {
    var keys: [String: String] = [:]
    for case .parameter(let key, let value) in ggufMetadata where keys[value] == nil { keys[value] = ggufKey(key) }
    var set = try complete(defaults: [:], evidence: evidence) { rule throws(ParameterError) in
      guard let key = keys[rule.name], let stated = metadata[key] else { return nil }
      guard let value = ParameterValue(stated, kind: rule.kind) else {
        throw .wrongKind(key: key, expected: rule.kind.wording, found: stated.display())
      }
      return value
    }
    set.rotaryScaling = try RotaryScaling(
      metadata: metadata, architecture: ggufArchitecture, contextLength: set.integer("context_length") ?? 0)
    return set
  }

  /// The parameters of a checkpoint with Meta's params.json (whose numbers may stand under "model").
  public func parameters(ofMeta params: JSON, evidence: Evidence) throws(ParameterError) -> ParameterSet {
    let members = params["model"] ?? params
    return try complete(defaults: [:], evidence: evidence) { rule throws(ParameterError) in
      guard let key = rule.metaKey, let stated = members[key], !stated.isNull else { return nil }
      guard let value = ParameterValue(stated, kind: rule.kind) else {
        throw .wrongKind(key: key, expected: rule.kind.wording, found: stated.kindName)
      }
      return value
    }
  }

  /// What the tensors alone tell: sizes, but no head counts. Nothing is assumed.
  public func parameters(toldBy evidence: Evidence) -> ParameterSet {
    var set = ParameterSet()
    for rule in parameters { set.values[rule.name] = told(rule, evidence) }
    return set
  }

  /// Fills the set: what `stated` finds, else what the tensors tell, else the defaults.
  private func complete(
    defaults: [String: ParameterValue], evidence: Evidence? = nil,
    stated: (ParameterRule) throws(ParameterError) -> ParameterValue?
  ) throws(ParameterError) -> ParameterSet {
    var set = ParameterSet()
    var open: [ParameterRule] = []
    for rule in parameters {
      set.values[rule.name] = try stated(rule) ?? evidence.flatMap { told(rule, $0) }
      if set.values[rule.name] == nil { open.append(rule) }
    }
    for rule in open {
      if let value = defaults[rule.name] {
        set.values[rule.name] = value
        continue
      }
      switch rule.defaultValue {
      case nil: continue
      case .value(let value): set.values[rule.name] = value
      case .quotient(let dividend, let divisor):
        guard let top = set.integer(dividend) else {
          throw .missing(name: rule.name, places: rule.configKeys.map(\.quoted).joined(separator: " or "))
        }
        let bottom = divisor.map { set.integer($0) ?? 0 } ?? 1
        guard bottom > 0 else { throw .notPositive(name: divisor ?? dividend, value: bottom) }
        set.values[rule.name] = .integer(top / bottom)
      }
    }
    return set
  }

  /// What the tensors tell of a parameter that no key states.
  private func told(_ rule: ParameterRule, _ evidence: Evidence) -> ParameterValue? {
    if let role = rule.rowsOf, let rows = evidence.rows(role) { return .integer(rows) }
    if let role = rule.presenceOf { return .bool(evidence.rows(role) != nil) }
    if let role = rule.absenceOf { return .bool(evidence.rows(role) == nil) }
    if rule.name == "layer_count", let count = evidence.layerCount { return .integer(count) }
    return nil
  }
}

extension ParameterRule.Kind {
  var wording: String {
    switch self {
    case .u32: "a whole number"
    case .f32: "a number"
    case .bool: "a boolean"
    }
  }
}

extension ParameterValue {
  /// A metadata value as a parameter of `kind`; nil if it is of another kind.
  init?(_ stated: MetadataValue, kind: ParameterRule.Kind) {
    switch kind {
    case .u32:
      guard let integer = stated.integer, integer >= 0 else { return nil }
      self = .integer(integer)
    case .f32:
      guard let real = stated.shortestReal else { return nil }
      self = .real(real)
    case .bool:
      guard let flag = stated.bool else { return nil }
      self = .bool(flag)
    }
  }
}

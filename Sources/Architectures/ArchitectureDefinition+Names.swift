import Tensors

extension ArchitectureDefinition {
  /// A scheme's name and those of the schemes it is based on.
  func lineage(of scheme: NamingScheme) -> [String] {
    [scheme.name] + (scheme.base.map { [$0] } ?? [])
  }

  /// The patterns of a rule in a scheme: its own, or those of the scheme's base with the scheme's prefix.
  func patterns(of names: [String: [NamePattern]], in scheme: NamingScheme) -> [NamePattern]? {
    if let own = names[scheme.name] { return own }
    guard let base = scheme.base, let patterns = names[base] else { return nil }
    guard let prefix = scheme.prefix else { return patterns }
    return patterns.map { $0.replacingPrefix(prefix.base, with: prefix.own) }
  }

  /// The same patterns, and those of the layers that predict more tokens.
  ///
  /// - Parameter isOfPrediction: whether they are of such layers alone; without a number they name the first.
  func predictionPatterns(
    of patterns: [NamePattern], in scheme: NamingScheme, _ isOfPrediction: Bool
  ) -> [NamePattern] {
    guard let predictionLayers else { return patterns }
    let first = firstPredictionLayer
    let prefix = lineage(of: scheme).lazy.compactMap { predictionLayers.prefixes[$0] }.first
    // A scheme that names a model inside another has its own prefix before that of the layers.
    let beginnings =
      prefix.map { prefix in
        [prefix.base] + (scheme.prefix.map { [prefix.base.replacingPrefix($0.base, with: $0.own)] } ?? [])
      } ?? []
    return patterns.flatMap { pattern in
      if isOfPrediction, !pattern.isPerLayer { return [pattern.counting(fromPrediction: first)] }
      guard let prefix, let beginning = beginnings.first(where: pattern.text.hasPrefix) else { return [pattern] }
      let own = pattern.replacingPrefix(beginning, with: prefix.own).counting(fromPrediction: first)
      return isOfPrediction ? [own] : [pattern.ending(atPrediction: first), own]
    }
  }

  /// The pattern by which `scheme` writes the canonical tensor `rule`, if it stores it alone.
  public func pattern(of rule: TensorRule, in scheme: NamingScheme) -> NamePattern? {
    patterns(of: rule.names, in: scheme)?.first
  }

  /// The patterns by which `scheme` knows the fused tensor `rule`.
  public func patterns(of rule: FusedTensorRule, in scheme: NamingScheme) -> [NamePattern]? {
    patterns(of: rule.names, in: scheme)
  }

  /// The pattern of the derived tensor `rule` in `scheme`.
  public func pattern(of rule: DerivedRule, in scheme: NamingScheme) -> NamePattern? {
    patterns(of: rule.names, in: scheme)?.first
  }

  /// The rule that a tensor name matches.
  public enum NameMatch: Sendable {
    /// One of the reader's `rules`.
    case tensor(rule: Int, layer: Int?, instance: Int?)
    case derived(TensorRole)
    case dropped(DroppedRule)
  }

  /// A reader of names in one scheme; built once, then a dictionary look-up a name.
  public func matcher(of scheme: NamingScheme) -> NameMatcher { NameMatcher(definition: self, scheme: scheme) }

  /// Matches tensor names with the patterns of one scheme.
  public struct NameMatcher: Sendable {
    /// The tensors that the scheme stores.
    public let rules: [StoredRule]
    private var byKey: [String: [(pattern: NamePattern, rule: Int)]] = [:]
    private var derived: [(pattern: NamePattern, role: TensorRole)] = []
    private var dropped: [(pattern: NamePattern, rule: DroppedRule)] = []

    init(definition: ArchitectureDefinition, scheme: NamingScheme) {
      rules = definition.storedRules(in: scheme)
      byKey.reserveCapacity(rules.count)
      for (index, rule) in rules.enumerated() {
        for pattern in rule.patterns { byKey[pattern.key, default: []].append((pattern, index)) }
      }
      derived = definition.derived.flatMap { rule in
        (definition.patterns(of: rule.names, in: scheme) ?? []).map { ($0, rule.role) }
      }
      for rule in definition.dropped {
        dropped.append((rule.pattern, rule))
        guard let prefix = scheme.prefix, rule.pattern.text.hasPrefix(prefix.base) else { continue }
        dropped.append((rule.pattern.replacingPrefix(prefix.base, with: prefix.own), rule))
      }
    }

    /// The layers that predict more tokens among `names`; nil if the scheme does not name them differently.
    public func predictionLayerCount(_ names: [TensorName]) -> Int? {
      let patterns = byKey.mapValues { $0.map(\.pattern).filter(\.isOfPrediction) }.filter { !$0.value.isEmpty }
      guard !patterns.isEmpty else { return nil }
      return names.reduce(0) { count, name in
        let index = patterns[NamePattern.key(name)]?.lazy.compactMap { $0.predictionIndex(name) }.first
        return index.map { Swift.max(count, $0 + 1) } ?? count
      }
    }

    /// Returns the match of `name`; nil if no pattern of the scheme matches.
    public func match(of name: TensorName) -> NameMatch? {
      for (pattern, rule) in byKey[NamePattern.key(name)] ?? [] {
        if let match = pattern.match(name) { return .tensor(rule: rule, layer: match.layer, instance: match.instance) }
      }
      for (pattern, role) in derived where pattern.match(name) != nil { return .derived(role) }
      for (pattern, rule) in dropped where pattern.match(name) != nil { return .dropped(rule) }
      return nil
    }
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, with replacement: String) -> String {
    hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
  }
}

extension ArchitectureDefinition {
  /// The definition of a model with these hyperparameters: its names tell layers that predict more tokens from others.
  public func numberingPredictionLayers(_ hyperparameters: HyperparameterSet) -> ArchitectureDefinition {
    var definition = self
    definition.firstPredictionLayer = hyperparameters.integer("layer_count")
    return definition
  }
}

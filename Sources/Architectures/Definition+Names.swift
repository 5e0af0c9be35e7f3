import Tensors

extension Definition {
  /// The pattern of a rule in a scheme: its own, or that of the scheme's base.
  func pattern(of names: [String: NamePattern], in scheme: NamingScheme) -> NamePattern? {
    names[scheme.name] ?? scheme.base.flatMap { names[$0] }
  }

  /// The pattern of `rule` in `scheme`; nil if the scheme does not have the tensor.
  public func pattern(of rule: TensorRule, in scheme: NamingScheme) -> NamePattern? {
    pattern(of: rule.names, in: scheme)
  }

  /// The pattern of the derived tensor `rule` in `scheme`.
  public func pattern(of rule: DerivedRule, in scheme: NamingScheme) -> NamePattern? {
    pattern(of: rule.names, in: scheme)
  }

  /// The layout of `rule` in `scheme`, or nil if it needs a parameter that is unknown.
  public func transform(of rule: TensorRule, in scheme: NamingScheme, _ parameters: ParameterSet) -> Transform? {
    guard let transform = rule.transforms[scheme.name] ?? scheme.base.flatMap({ rule.transforms[$0] }) else {
      return .identity
    }
    return transform.resolved(parameters)
  }

  /// What a name means.
  public enum Meaning: Hashable, Sendable {
    case tensor(TensorRole, layer: Int?)
    case derived(TensorRole)
    case dropped(reason: String)
  }

  /// A reader of names in one scheme; built once, then a dictionary look-up a name.
  public func reader(of scheme: NamingScheme) -> NameReader {
    NameReader(definition: self, scheme: scheme)
  }

  /// Finds the meaning of tensor names in one scheme.
  public struct NameReader: Sendable {
    private var perLayer: [(NamePattern, TensorRole)] = []
    private var single: [TensorName: TensorRole] = [:]
    private var derived: [(NamePattern, TensorRole)] = []
    private let dropped: [DroppedRule]

    init(definition: Definition, scheme: NamingScheme) {
      dropped = definition.dropped
      for rule in definition.tensors {
        guard let pattern = definition.pattern(of: rule, in: scheme) else { continue }
        if pattern.isPerLayer {
          perLayer.append((pattern, rule.role))
        } else {
          single[pattern.name(layer: nil)] = rule.role
        }
      }
      derived = definition.derived.compactMap { rule in
        definition.pattern(of: rule, in: scheme).map { ($0, rule.role) }
      }
    }

    /// The meaning of `name`; nil if the scheme does not know it.
    public func meaning(of name: TensorName) -> Meaning? {
      if let role = single[name] { return .tensor(role, layer: nil) }
      for (pattern, role) in perLayer {
        if let match = pattern.match(name) { return .tensor(role, layer: match.layer) }
      }
      for (pattern, role) in derived where pattern.match(name) != nil { return .derived(role) }
      for rule in dropped where rule.pattern.match(name) != nil { return .dropped(reason: rule.reason) }
      return nil
    }
  }
}

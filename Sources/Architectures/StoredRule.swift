import Tensors

/// A stored tensor of one scheme: one or more canonical tensors in a fusion order.
public struct StoredRule: Sendable {
  /// The names it is known by, the first being the one that is written.
  public let patterns: [NamePattern]
  /// The canonical tensors that it contains, in order.
  public let tensors: [TensorRule]
  /// The order of their rows.
  public let fusionOrder: FusionOrder
  /// The blocks of rows that are stored transposed; nil for none.
  let transposedBlocks: Expression?
  /// Whether a file may have it transposed although it is not, or the other way round.
  public let mayBeTurned: Bool
  /// The transforms of each tensor's rows, columns and values.
  let transforms: [[TransformRule]]
  /// The dimensions in the file; nil if they are the canonical ones.
  let shape: [Expression]?

  /// The roles of the tensors, in order.
  public var roles: [TensorRole] { tensors.map(\.role) }
  /// Whether it occurs once in every layer.
  public var isPerLayer: Bool { patterns[0].isPerLayer }
  /// Whether it occurs once for every instance.
  public var isPerInstance: Bool { patterns[0].isPerInstance }
  /// Whether a model may lack it.
  public var isOptional: Bool { tensors.allSatisfy(\.isOptional) }
  /// Its differences from the canonical tensors, as definitions spell them: `grouped(head_count)`; empty without any.
  public var layoutWording: String {
    var words = isAlone ? [] : [fusionOrder.wording]
    words += Set(transforms.joined().map(\.wording)).sorted()
    if let transposedBlocks {
      words.append(TransformRule.transpose(transposedBlocks.description == "1" ? nil : transposedBlocks).wording)
    }
    return words.joined(separator: ", ")
  }
  /// The name in layer `layer` for instance `instance`: the first one that can be of that layer.
  public func name(layer: Int?, instance: Int? = nil) -> TensorName {
    (patterns.first { $0.canName(layer: layer) } ?? patterns[0]).name(layer: layer, instance: instance)
  }
  /// Whether it contains one canonical tensor of each layer or instance.
  public var isAlone: Bool { tensors.count == 1 && !fusionOrder.isStacked }
}

extension ArchitectureDefinition {
  /// The tensors that `scheme` stores: separate ones first, then fused ones.
  public func storedRules(in scheme: NamingScheme) -> [StoredRule] {
    let lineage = lineage(of: scheme)
    func own<Value>(_ values: [String: Value]) -> Value? { lineage.lazy.compactMap { values[$0] }.first }
    func named(_ names: [String: [NamePattern]], isOfPrediction: Bool = false) -> [NamePattern]? {
      patterns(of: names, in: scheme).map { predictionPatterns(of: $0, in: scheme, isOfPrediction) }
    }

    var rules: [StoredRule] = tensors.compactMap { rule in
      guard let patterns = named(rule.names, isOfPrediction: rule.isOfPrediction) else { return nil }
      var blocks: Expression?
      var transforms = own(rule.transforms) ?? []
      if let index = transforms.firstIndex(where: { $0.kind == .transpose }),
        case .transpose(let count) = transforms.remove(at: index)
      {
        blocks = count ?? Self.one
      }
      return StoredRule(
        patterns: patterns, tensors: [rule], fusionOrder: .concatenated, transposedBlocks: blocks, mayBeTurned: false,
        transforms: [transforms], shape: own(rule.shapes))
    }
    rules += fused.compactMap { pack in
      guard let patterns = named(pack.names) else { return nil }
      let members = pack.roles.compactMap { rule($0) }
      return StoredRule(
        patterns: patterns, tensors: members, fusionOrder: own(pack.fusionOrders) ?? .concatenated,
        transposedBlocks: lineage.contains { pack.transposedSchemes.contains($0) } ? Self.one : nil,
        mayBeTurned: lineage.contains { pack.turnedSchemes.contains($0) },
        transforms: members.map { own($0.transforms) ?? [] }, shape: own(pack.shapes))
    }
    return rules
  }

  private static let one = Expression("1")

  /// Whether a scheme moves the elements of the vector `rule`, so that each of them is a row.
  func movesElements(of rule: TensorRule) -> Bool {
    guard rule.shape.count == 1 else { return false }
    let isOrdered = rule.transforms.values.joined().contains {
      [.rotary, .separatePairs, .tiled].contains($0.kind)
    }
    return isOrdered || fused.contains { $0.roles.contains(rule.role) && !$0.isOnlyStacked }
  }
}

extension FusionOrder {
  /// Whether it has a leading dimension over the instances.
  var isStacked: Bool { if case .stacked = self { true } else { false } }

  /// The number of groups, if it states one.
  var groups: Expression? {
    switch self {
    case .concatenated: nil
    case .grouped(let groups): groups
    case .stacked(let groups): groups
    }
  }
}

extension FusedTensorRule {
  /// Whether every scheme stores instances of it.
  fileprivate var isOnlyStacked: Bool { roles.count == 1 }
}

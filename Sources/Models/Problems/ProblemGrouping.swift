import Architectures
import Bytes
import Tensors

/// Puts the problems of a model's tensors together by cause, causes before their consequences.
struct ProblemGrouping {
  let facts: any ModelFacts
  let definition: ArchitectureDefinition
  let hyperparameters: HyperparameterSet
  /// The layers of which tensors are there.
  let foundLayerCount: Int

  /// A cause that several tensors may share.
  fileprivate enum Cause: Hashable {
    /// A dimension that the hyperparameters give another value.
    case dimension(expression: String, expected: Int, found: Int)
    case layersBeyondEnd
    case unmapped(scheme: String)
    case layersWithoutTensors
    case missing(TensorRole?)
    case alike(TensorProblem.Reason)
  }

  /// More roles than this are not listed one by one.
  private static let listedRoleCount = 3

  /// Returns one problem for each cause.
  func grouped(_ problems: [TensorProblem]) -> [any IngotError] {
    let dimensions = sharedDimensions(problems)
    let absentRoles = Set(problems.compactMap { isWithinFoundLayers($0) ? $0.missingRole : nil })
    var order: [Cause] = [], members: [Cause: [TensorProblem]] = [:]
    for problem in problems {
      var cause = cause(of: problem, dimensions)
      if case .missing = cause, absentRoles.count > Self.listedRoleCount { cause = .missing(nil) }
      if members[cause] == nil { order.append(cause) }
      members[cause, default: []].append(problem)
    }
    let sorted = order.indices.sorted { (order[$0].rank, $0) < (order[$1].rank, $1) }.map { order[$0] }
    return sorted.map { cause in
      let group = members[cause] ?? []
      let isPlain = group.count == 1 && requirement(of: group[0]).isEmpty
      return isPlain ? group[0] : ProblemGroup(members: group, description: words(cause, group))
    }
  }

  // MARK: - Causes

  private func cause(of problem: TensorProblem, _ dimensions: [Cause]) -> Cause {
    switch problem.reason {
    case .wrongShape:
      let own = mismatches(problem)
      return dimensions.first(where: own.contains) ?? .alike(problem.reason)
    case .layerBeyondEnd: return .layersBeyondEnd
    case .unmapped(let scheme): return .unmapped(scheme: scheme)
    case .missing(let role): return isWithinFoundLayers(problem) ? .missing(role) : .layersWithoutTensors
    default: return .alike(problem.reason)
    }
  }

  private func isWithinFoundLayers(_ problem: TensorProblem) -> Bool {
    problem.layer.map { $0 < foundLayerCount } ?? true
  }

  /// The dimensions that differ, those of most tensors first.
  private func sharedDimensions(_ problems: [TensorProblem]) -> [Cause] {
    var order: [Cause] = [], counts: [Cause: Int] = [:]
    for cause in problems.flatMap(mismatches) {
      if counts.updateValue((counts[cause] ?? 0) + 1, forKey: cause) == nil { order.append(cause) }
    }
    return order.indices.sorted { (counts[order[$1]] ?? 0, $0) < (counts[order[$0]] ?? 0, $1) }.map { order[$0] }
  }

  /// The dimensions of one tensor that differ from what the hyperparameters give.
  private func mismatches(_ problem: TensorProblem) -> [Cause] {
    guard case .wrongShape(let found, let expected, let expression) = problem.reason else { return [] }
    let terms = expression.split(separator: " × ").map(String.init)
    guard terms.count == found.rank, found.rank == expected.rank else { return [] }
    return terms.indices.compactMap { index in
      let (own, other) = (expected.dimensions[index], found.dimensions[index])
      return own == other ? nil : .dimension(expression: terms[index], expected: own, found: other)
    }
  }

  // MARK: - Words

  private func words(_ cause: Cause, _ group: [TensorProblem]) -> String {
    let first = "first: \(group[0])\(requirement(of: group[0]))"
    switch cause {
    case .dimension(let expression, let expected, let found):
      return "\(expression) is \(expected.grouped)\(origins(of: expression)), but \(found.grouped) in"
        + " \(counted(group.count, "tensor")); \(first)"
    case .layersBeyondEnd:
      let last = group.compactMap(\.layer).max() ?? 0
      return "the model has \(counted(layerCount, "layer"))\(origins(of: "layer_count")), but"
        + " \(counted(group.count, "tensor")) belong to layers up to \(last.grouped); first: \(group[0].name.text.quoted)"
    case .layersWithoutTensors:
      return "the model has \(counted(layerCount, "layer"))\(origins(of: "layer_count")), but tensors of"
        + " \(foundLayerCount.grouped); first of \(group.count.grouped) that are missing: \(group[0].name.text.quoted)"
    case .unmapped(let scheme):
      return
        "\(counted(group.count, "tensor")) have names that the naming scheme \(scheme.quoted) does not have; first:"
        + " \(group[0].name.text.quoted) (--mapping FILE can name them)"
    case .missing(nil): return "\(counted(group.count, "tensor")) are missing; \(first)"
    case .missing, .alike:
      let one = "\(group[0])\(requirement(of: group[0]))"
      return group.count == 1 ? one : "\(one); so \(group.count == 2 ? "is" : "are") \((group.count - 1).grouped) more"
    }
  }

  private var layerCount: Int { hyperparameters.integer("layer_count") ?? 0 }

  /// The keys by which the layer of a missing tensor must have it: `, required by first_k_dense_replace = 0`.
  private func requirement(of problem: TensorProblem) -> String {
    guard let formula = problem.requirement else { return "" }
    let stated = members(of: formula, but: ["layer_count", "block_count"], .throughDefaults)
    return stated.isEmpty ? "" : ", required by \(stated.joined(separator: ", "))"
  }

  /// The keys that give the hyperparameters in `expression`: ` (num_attention_heads = 4)`.
  private func origins(of expression: String) -> String {
    let stated = members(of: expression)
    return stated.isEmpty ? "" : " (\(stated.joined(separator: ", ")))"
  }

  /// Which keys give a hyperparameter.
  private enum Origins {
    /// Its own.
    case direct
    /// Its own, or else those of the hyperparameters that its default follows from.
    case throughDefaults
  }

  /// The keys that give the hyperparameters in `expression`, with their values; without those of a list.
  private func members(
    of expression: String, but others: Set<String> = [], _ origins: Origins = .direct
  ) -> [String] {
    var seen = others
    return Self.names(in: expression).flatMap { members(of: $0, origins, &seen) }
  }

  private static func names(in expression: String) -> [String] {
    expression.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
  }

  private func members(of name: String, _ origins: Origins, _ seen: inout Set<String>) -> [String] {
    guard seen.insert(name).inserted, let rule = definition.hyperparameter(name),
      let value = hyperparameters.values[name]
    else { return [] }
    switch facts.origin(of: rule, in: definition) {
    case .member(let key)?, .pair(let key)?:
      if case .list = value { return [key.escapedForDisplay] }
      return ["\(key.escapedForDisplay) = \(value.json.text(.compact))"]
    default:
      guard origins == .throughDefaults else { return [] }
      let names = rule.defaults.flatMap { value in
        if case .formula(let formula) = value { formula.hyperparameterNames } else { [String]() }
      }
      return names.flatMap { members(of: $0, origins, &seen) }
    }
  }
}

extension ProblemGrouping.Cause {
  /// Causes come before what follows from them.
  fileprivate var rank: Int {
    switch self {
    case .dimension: 0
    case .layersBeyondEnd, .layersWithoutTensors: 1
    case .alike: 2
    case .unmapped: 3
    case .missing: 4
    }
  }
}

extension TensorProblem {
  /// The role of a missing tensor.
  fileprivate var missingRole: TensorRole? {
    if case .missing(let role) = reason { role } else { nil }
  }
}

import Architectures
import Bytes
import Models
import Tensors

/// The differences between the hyperparameters of two models, as findings.
struct HyperparameterDifferences {
  private(set) var findings: [Finding] = []
  /// All hyperparameters of either model.
  private(set) var comparisons: [HyperparameterComparison] = []
  private let first: Model, second: Model

  private static let check = "diff.hyperparameter"

  /// Compares the hyperparameters of the definitions and the RoPE scaling.
  init(reference first: Model, candidate second: Model) {
    self.first = first
    self.second = second
    if first.definition.name != second.definition.name {
      findings.append(
        Finding(
          .note, Self.check, .architecture,
          "is \(first.definition.name) in the reference, \(second.definition.name) in the candidate"))
    }
    let names = Set(first.hyperparameters.values.keys).union(second.hyperparameters.values.keys).sorted()
    for name in names {
      let one = first.hyperparameters.values[name], other = second.hyperparameters.values[name]
      note(
        name, one.map { .init(value: "\($0)", origin: first.wordsOfOrigin(name)) },
        other.map { .init(value: "\($0)", origin: second.wordsOfOrigin(name)) },
        areEqual: one.flatMap { one in other.map { Self.equal(one, $0) } } ?? false)
      compare(name, one, other)
    }
    compareRotaryScaling()
  }

  private mutating func note(
    _ name: String, _ one: HyperparameterComparison.Side?, _ other: HyperparameterComparison.Side?, areEqual: Bool
  ) {
    comparisons.append(HyperparameterComparison(name: name, reference: one, candidate: other, areEqual: areEqual))
  }

  private mutating func compare(_ name: String, _ one: HyperparameterValue?, _ other: HyperparameterValue?) {
    if let one, let other, Self.equal(one, other) { return }
    guard !hasSameLayers(name) else { return }
    guard let one, let other else {
      return reportAbsence(name, one?.description, other?.description)
    }
    // A flag that only says whether tensors exist adds nothing to the comparison of these.
    let rule = first.definition.hyperparameter(name)
    let followsFromTensors = rule?.inferredFrom != nil && rule?.kind == .bool
    var severity =
      followsFromTensors || isIngredient(name) || countsLayersLeftOut(name) ? Finding.Severity.note : .error
    var message = "is \(one) in the reference, \(other) in the candidate"
    if name == Self.contextLength, let silent = [first, second].first(where: { $0.origin(of: name) == .default }) {
      severity = .warning
      message += "; \(silent.checkpoint.path.escapedForDisplay) does not state it"
    }
    findings.append(Finding(severity, Self.check, .hyperparameter(name), message))
  }

  /// Whether a list of layers in one model follows from a pattern in the other.
  private func hasSameLayers(_ name: String) -> Bool {
    guard let rule = first.definition.hyperparameter(name), rule.isList, !rule.isKeyedByIndex,
      let one = try? first.forwardPassHyperparameters(), let other = try? second.forwardPassHyperparameters()
    else { return false }
    return one.rotatedLayers == other.rotatedLayers && one.windowedLayers == other.windowedLayers
  }

  /// Whether a hyperparameter counts layers that a conversion leaves out by a rule.
  private func countsLayersLeftOut(_ name: String) -> Bool {
    guard first.definition.predictionLayers?.dropReason != nil else { return false }
    return [PredictionLayersRule.allLayers, PredictionLayersRule.count].contains(name)
  }

  /// Whether a hyperparameter only serves to compute others, which are equal: the number of KV heads in Falcon's
  /// config.json.
  private func isIngredient(_ name: String) -> Bool {
    let definition = first.definition
    guard definition.name == second.definition.name, !definition.isStatedInGGUF(name) else { return false }
    let results = definition.hyperparameters.filter { $0.defaultNames.contains(name) }
    return !results.isEmpty
      && results.allSatisfy { rule in
        guard !rule.defaultNames.isEmpty, definition.isStatedInGGUF(rule.name),
          let one = first.hyperparameters.values[rule.name], let other = second.hyperparameters.values[rule.name]
        else { return false }
        return Self.equal(one, other)
      }
  }

  /// The one hyperparameter that the forward pass does not use by itself, so that a default for it changes nothing.
  /// (Dynamic scaling does use it; a configuration with this scaling states it.)
  private static let contextLength = "context_length"

  /// Whether values are equal as float32, the precision of a GGUF.
  private static func equal(_ one: HyperparameterValue, _ other: HyperparameterValue) -> Bool {
    switch (one, other) {
    case (.integer(let one), .integer(let other)): one == other
    case (.bool(let one), .bool(let other)): one == other
    case (.list(let one), .list(let other)): one.count == other.count && zip(one, other).allSatisfy(equal)
    case (.integer, .real), (.real, .integer), (.real, .real): one.real.map(Float.init) == other.real.map(Float.init)
    default: one == other
    }
  }

  private static func equal(_ one: JSON?, _ other: JSON?) -> Bool {
    one == other || (one?.real != nil && one?.real.map(Float.init) == other?.real.map(Float.init))
  }

  /// Reports a hyperparameter of one side only: a loss if its container cannot store it, otherwise a difference.
  private mutating func reportAbsence(_ name: String, _ one: String?, _ other: String?) {
    let silent = one == nil ? first : second
    let value = one ?? other ?? ""
    let side = one == nil ? "candidate" : "reference"
    if silent.facts.losesUndefinedHyperparameters {
      findings.append(
        Finding(.warning, Self.check, .hyperparameter(name), "is \(value) in the \(side), and lost in the GGUF"))
    } else {
      findings.append(
        Finding(.error, Self.check, .hyperparameter(name), "is \(value) in the \(side) only"))
    }
  }

  private mutating func compareRotaryScaling() {
    let one = first.hyperparameters.rotaryScaling.withoutIdleMembers
    let other = second.hyperparameters.rotaryScaling.withoutIdleMembers
    let left = one.configurationMember?.object ?? [:], right = other.configurationMember?.object ?? [:]
    let keys = Set(left.keys).union(right.keys).sorted()
    for key in keys {
      let name = "rotary_scaling.\(key.text)"
      note(
        name, left[key].map { .init(value: $0.text(.compact), origin: "") },
        right[key].map { .init(value: $0.text(.compact), origin: "") },
        areEqual: Self.equal(left[key], right[key]))
    }
    // A GGUF stores the factors of a llama3 scaling, but not what they were computed from: several scalings have them.
    let factors = first.hyperparameters.derivedValues(.rotaryFrequencyFactors)
    if factors != nil, factors == second.hyperparameters.derivedValues(.rotaryFrequencyFactors) { return }
    if left["rope_type"] != right["rope_type"] {
      let isLost = !one.lostInGGUF(of: second.definition).isEmpty && second.facts.losesUndefinedHyperparameters
      let names = [left, right].map { ($0["rope_type"]?.string ?? "none").quoted }
      findings.append(
        Finding(
          isLost ? .warning : .error, Self.check, .hyperparameter("rotary_scaling"),
          "is \(names[0]) in the reference, \(names[1]) in the candidate"))
      return
    }
    for key in keys where key != "rope_type" {
      let name = "rotary_scaling.\(key.text)"
      switch (left[key], right[key]) {
      case (let one?, let other?):
        if Self.equal(one, other) { continue }
        findings.append(
          Finding(
            .error, Self.check, .hyperparameter(name),
            "is \(one.text(.compact)) in the reference, \(other.text(.compact)) in the candidate"))
      case (let one, let other): reportAbsence(name, one?.text(.compact), other?.text(.compact))
      }
    }
  }
}

extension ArchitectureDefinition {
  /// Whether a GGUF stores the hyperparameter called `name` itself.
  fileprivate func isStatedInGGUF(_ name: String) -> Bool {
    hyperparameter(name).map { !ggufKeys(of: $0).isEmpty } ?? false
  }
}

extension HyperparameterRule {
  /// The hyperparameters in the formulas of its defaults.
  fileprivate var defaultNames: Set<String> {
    var names: Set<String> = []
    for case .formula(let formula) in defaults { names.formUnion(formula.hyperparameterNames) }
    return names
  }
}

extension Model {
  fileprivate func wordsOfOrigin(_ name: String) -> String { origin(of: name).map { "\($0)" } ?? "" }
}

extension HyperparameterValue {
  fileprivate var real: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .bool, .text, .list: nil
    }
  }
}

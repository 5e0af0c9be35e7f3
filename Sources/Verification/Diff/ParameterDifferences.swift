import Architectures
import Bytes
import Models
import Tensors

/// The differences between the numbers of two models, as findings.
struct ParameterDifferences {
  private(set) var findings: [Finding] = []
  /// All numbers that either has.
  private(set) var numbers: [HyperparameterComparison] = []
  private let first: Model, second: Model

  /// Compares the parameters of the definitions and the rotary scaling.
  init(reference first: Model, candidate second: Model) {
    self.first = first
    self.second = second
    if first.definition.name != second.definition.name {
      findings.append(
        Finding(
          .note, "diff.parameter", place: "architecture",
          "is \(first.definition.name) in the reference, \(second.definition.name) in the candidate"))
    }
    let names = Set(first.parameters.values.keys).union(second.parameters.values.keys).sorted()
    for name in names {
      let one = first.parameters.values[name], other = second.parameters.values[name]
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
    numbers.append(HyperparameterComparison(name: name, reference: one, candidate: other, areEqual: areEqual))
  }

  private mutating func compare(_ name: String, _ one: HyperparameterValue?, _ other: HyperparameterValue?) {
    if let one, let other, Self.equal(one, other) { return }
    guard !hasSameLayers(name) else { return }
    guard let one, let other else {
      return reportAbsence(name, one?.description, other?.description)
    }
    // A flag that only says whether tensors are there adds nothing to the comparison of these.
    let rule = first.definition.parameter(name)
    let isToldByTensors = rule?.shownBy != nil && rule?.kind == .bool
    var severity = isToldByTensors || isIngredient(name) ? Finding.Severity.note : .error
    var message = "is \(one) in the reference, \(other) in the candidate"
    if name == Self.contextLength, let silent = [first, second].first(where: { $0.origin(of: name) == .default }) {
      severity = .warning
      message += "; \(silent.checkpoint.path.escapedForDisplay) does not state it"
    }
    findings.append(Finding(severity, "diff.parameter", place: name, message))
  }

  /// Whether a list says of layers what follows from a pattern on the other side.
  private func hasSameLayers(_ name: String) -> Bool {
    guard let rule = first.definition.parameter(name), rule.isList, !rule.isKeyedByIndex,
      let one = try? first.hyperparameters(), let other = try? second.hyperparameters()
    else { return false }
    return one.rotatedLayers == other.rotatedLayers && one.windowedLayers == other.windowedLayers
  }

  /// Whether a number is only there to compute others from, which are equal: Falcon's number of heads that share a key
  /// as config.json words it.
  private func isIngredient(_ name: String) -> Bool {
    let definition = first.definition
    guard definition.name == second.definition.name, !definition.isStatedInGGUF(name) else { return false }
    let results = definition.parameters.filter { $0.defaultNames.contains(name) }
    return !results.isEmpty
      && results.allSatisfy { rule in
        guard !rule.defaultNames.isEmpty, definition.isStatedInGGUF(rule.name),
          let one = first.parameters.values[rule.name], let other = second.parameters.values[rule.name]
        else { return false }
        return Self.equal(one, other)
      }
  }

  /// The one number that the forward pass does not use by itself, so that a default for it changes nothing. (Dynamic
  /// scaling does use it; a configuration that has this scaling states it.)
  private static let contextLength = "context_length"

  /// Numbers equal as float32, which is what a GGUF keeps of them.
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

  /// One side does not say: a loss if its container has no way to, otherwise a difference.
  private mutating func reportAbsence(_ name: String, _ one: String?, _ other: String?) {
    let silent = one == nil ? first : second
    let value = one ?? other ?? ""
    let side = one == nil ? "candidate" : "reference"
    if silent.facts.losesUndefinedHyperparameters {
      findings.append(
        Finding(.warning, "diff.parameter", place: name, "is \(value) in the \(side), and lost in the GGUF"))
    } else {
      findings.append(
        Finding(.error, "diff.parameter", place: name, "is \(value) in the \(side) alone"))
    }
  }

  private mutating func compareRotaryScaling() {
    let one = first.parameters.rotaryScaling.withoutIdleMembers
    let other = second.parameters.rotaryScaling.withoutIdleMembers
    let left = one.configurationMember?.object ?? [:], right = other.configurationMember?.object ?? [:]
    let keys = Set(left.keys).union(right.keys).sorted()
    for key in keys {
      let name = "rotary_scaling.\(key.text)"
      note(
        name, left[key].map { .init(value: $0.text(.compact), origin: "") },
        right[key].map { .init(value: $0.text(.compact), origin: "") },
        areEqual: Self.equal(left[key], right[key]))
    }
    if left["rope_type"] != right["rope_type"] {
      // The divisors of a llama3 scaling with unusual numbers are known in a GGUF, though not their origin.
      let divisors = first.parameters.derivedValues(.rotaryFrequencyFactors)
      if divisors != nil, divisors == second.parameters.derivedValues(.rotaryFrequencyFactors) { return }
      let isLost = !one.lostInGGUF(of: second.definition).isEmpty && second.facts.losesUndefinedHyperparameters
      let names = [left, right].map { ($0["rope_type"]?.string ?? "none").quoted }
      findings.append(
        Finding(
          isLost ? .warning : .error, "diff.parameter", place: "rotary_scaling",
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
            .error, "diff.parameter", place: name,
            "is \(one.text(.compact)) in the reference, \(other.text(.compact)) in the candidate"))
      case (let one, let other): reportAbsence(name, one?.text(.compact), other?.text(.compact))
      }
    }
  }
}

extension ArchitectureDefinition {
  /// Whether a GGUF has the parameter called `name` as it is.
  fileprivate func isStatedInGGUF(_ name: String) -> Bool {
    parameter(name).map { !ggufKeys(of: $0).isEmpty } ?? false
  }
}

extension HyperparameterRule {
  /// The parameters in the formulas of its defaults.
  fileprivate var defaultNames: Set<String> {
    var names: Set<String> = []
    for case .formula(let formula) in defaults { names.formUnion(formula.parameterNames) }
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

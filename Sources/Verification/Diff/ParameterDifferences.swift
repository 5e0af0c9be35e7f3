import Architectures
import Bytes
import Models
import Tensors

/// The differences between the numbers of two models, as findings.
struct ParameterDifferences {
  private(set) var findings: [Finding] = []
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
      compare(name, first.parameters.values[name], second.parameters.values[name])
    }
    compareRotaryScaling()
  }

  private mutating func compare(_ name: String, _ one: ParameterValue?, _ other: ParameterValue?) {
    guard let one, let other else {
      return reportAbsence(name, one?.description, other?.description)
    }
    guard !Self.equal(one, other) else { return }
    // A flag that only says whether tensors are there adds nothing to the comparison of these.
    let rule = first.definition.parameter(name)
    let isToldByTensors = rule?.shownBy != nil && rule?.kind == .bool
    var severity = isToldByTensors || isIngredient(name) ? Finding.Severity.note : .error
    var message = "is \(one) in the reference, \(other) in the candidate"
    if name == Self.contextLength, let silent = [first, second].first(where: { !$0.states(name) }) {
      severity = .warning
      message += "; \(silent.checkpoint.path.escapedForDisplay) does not state it"
    }
    findings.append(Finding(severity, "diff.parameter", place: name, message))
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
  private static func equal(_ one: ParameterValue, _ other: ParameterValue) -> Bool {
    switch (one, other) {
    case (.integer(let one), .integer(let other)): one == other
    case (.bool(let one), .bool(let other)): one == other
    case (.list(let one), .list(let other)): one.count == other.count && zip(one, other).allSatisfy(equal)
    case (.integer, .real), (.real, .integer), (.real, .real): one.real.map(Float.init) == other.real.map(Float.init)
    default: one == other
    }
  }

  /// One side does not say: a loss if its container has no way to, otherwise a difference.
  private mutating func reportAbsence(_ name: String, _ one: String?, _ other: String?) {
    let silent = one == nil ? first : second
    let value = one ?? other ?? ""
    let side = one == nil ? "candidate" : "reference"
    if silent.checkpoint.container == .gguf {
      findings.append(
        Finding(.warning, "diff.parameter", place: name, "is \(value) in the \(side), and lost in the GGUF"))
    } else {
      findings.append(
        Finding(.error, "diff.parameter", place: name, "is \(value) in the \(side) alone"))
    }
  }

  private mutating func compareRotaryScaling() {
    let one = first.parameters.rotaryScaling, other = second.parameters.rotaryScaling
    let left = one.configurationMember?.object ?? [:], right = other.configurationMember?.object ?? [:]
    let keys = Set(left.keys).union(right.keys).sorted()
    if left["rope_type"] != right["rope_type"] {
      let isLost = one.isLostInGGUF(of: second.definition) && second.checkpoint.container == .gguf
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
        let areEqual = one == other || (one.real != nil && one.real.map(Float.init) == other.real.map(Float.init))
        if areEqual { continue }
        findings.append(
          Finding(
            .error, "diff.parameter", place: name,
            "is \(one.text(.compact)) in the reference, \(other.text(.compact)) in the candidate"))
      case (let one, let other): reportAbsence(name, one?.text(.compact), other?.text(.compact))
      }
    }
  }
}

extension Definition {
  /// Whether a GGUF has the parameter called `name` as it is.
  fileprivate func isStatedInGGUF(_ name: String) -> Bool {
    ggufMetadata.contains {
      if case .pair(_, .formula(let formula), _) = $0 { formula.singleParameter == name } else { false }
    }
  }
}

extension ParameterRule {
  /// The parameters in the formulas of its defaults.
  fileprivate var defaultNames: Set<String> {
    var names: Set<String> = []
    for case .formula(let formula) in defaults { names.formUnion(formula.parameterNames) }
    return names
  }
}

extension Model {
  /// Whether the files state the parameter called `name`, rather than leaving it to a default.
  fileprivate func states(_ name: String) -> Bool {
    guard let rule = definition.parameter(name), checkpoint.container == .safeTensors else { return true }
    if let configuration { return configuration.value(rule.configKeys) != nil }
    guard let key = rule.metaKey, let params = try? folder?.json("params.json") else { return false }
    return (params["model"] ?? params)[key] != nil
  }
}

extension ParameterValue {
  fileprivate var real: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .bool, .text, .list: nil
    }
  }
}

import Architectures
import Bytes

extension ArchitectureDefinition {
  func json(of rule: HyperparameterRule) -> JSON {
    let defaults = hyperparameterDefaults.sorted { $0.key < $1.key }.compactMap { type, values in
      values[rule.name].map { (ExactString(type), $0.json) }
    }
    return .members([
      "name": .string(rule.name), "type": .string(rule.typeName),
      "config": .array(rule.configKeys.map { .string($0) }), "meta": rule.metaKeys.first.map { .string($0) } ?? .null,
      "gguf": .array(ggufKeys(of: rule).map { .string($0) }),
      "default": rule.defaultWording.map { .string($0) } ?? .null,
      "defaults_by_model_type": .object(JSON.Object(defaults, uniquingKeysWith: { first, _ in first })),
      "optional": .bool(rule.isOptional), "notes": .array(rule.notes.map { .string($0) }),
    ])
  }
}

extension HyperparameterRule {
  /// The type as a definition spells it.
  public var typeName: String {
    isKeyedByIndex ? "{\(kind.rawValue)}" : isList ? "[\(kind.rawValue)]" : kind.rawValue
  }

  /// The defaults as a definition spells them; nil for none.
  public var defaultWording: String? {
    defaults.isEmpty ? nil : defaults.map(\.wording).joined(separator: ", or ")
  }

  /// Further rules that decide the value, in words.
  public var notes: [String] {
    var notes: [String] = []
    if let enabledBy { notes.append("only with \(enabledBy)") }
    if let rowsOf { notes.append("rows of \(rowsOf)") }
    if let inferredFrom {
      let layer = inferredFrom.layer.map { " after layer \($0)" } ?? ""
      notes.append("\(inferredFrom.present) with \(inferredFrom.role)\(layer), \(inferredFrom.absent) without")
    }
    if countsElements { notes.append("the number of elements of a list") }
    if let length { notes.append("\(length) elements, filled with zeros") }
    if let nullValue { notes.append("null is \(nullValue)") }
    if let placeholder { notes.append("absent if \(placeholder)") }
    notes += enumValues.map { "\($0.word) is \($0.value)" }
    if let writtenKey, writtenKey != configKeys.first { notes.append("written as \(writtenKey)") }
    if writtenKey == nil, !configKeys.isEmpty { notes.append("not written to config.json") }
    if countsAsExplicit { notes.append("written even if it is the default") }
    return notes
  }
}

extension HyperparameterRule.Default {
  fileprivate var wording: String {
    switch self {
    case .value(let value): value.description
    case .formula(let formula): formula.description
    }
  }
}

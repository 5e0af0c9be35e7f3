import Bytes
import Tensors

extension HyperparameterValue {
  /// A member of config.json as the parameter of `rule`, its words decoded; nil if it is of another kind.
  init?(_ json: JSON, rule: HyperparameterRule) {
    func decoded(_ element: JSON) -> HyperparameterValue? {
      guard let word = element.string, let code = rule.enumValues.first(where: { $0.word == word }) else {
        return HyperparameterValue(element, kind: rule.kind)
      }
      return code.value
    }
    guard rule.isList else {
      guard let value = decoded(json) else { return nil }
      self = value
      return
    }
    let elements = rule.isKeyedByIndex ? Self.elementsByIndex(json) : json.array
    guard let values = elements?.map(decoded), !values.contains(nil) else { return nil }
    self = .list(values.compactMap(\.self))
  }

  /// The values of an object whose names are indices, in their order; nil if it is something else.
  private static func elementsByIndex(_ json: JSON) -> [JSON]? {
    guard let members = json.object else { return nil }
    let indexed = members.compactMap { member in Int(member.key.text).map { (index: $0, value: member.value) } }
    guard indexed.count == members.count else { return nil }
    return indexed.sorted { $0.index < $1.index }.map(\.value)
  }

  /// A JSON value as a parameter of `kind`, or a list of them; nil if it is of another kind.
  init?(_ json: JSON, kind: HyperparameterRule.Kind, isList: Bool = false) {
    if isList {
      guard let values = json.array?.map({ HyperparameterValue($0, kind: kind) }), !values.contains(nil) else {
        return nil
      }
      self = .list(values.compactMap(\.self))
      return
    }
    switch kind {
    case .u32:
      // Python writes some integers as reals: 10000.0.
      guard let real = json.real, let integer = json.integer ?? Int(exactly: real), integer >= 0 else { return nil }
      self = .integer(integer)
    case .f32:
      guard let real = json.real else { return nil }
      self = .real(real)
    case .bool:
      // Some lists of flags are of 1 and 0.
      guard let flag = json.bool ?? json.integer.flatMap({ [0: false, 1: true][$0] }) else { return nil }
      self = .bool(flag)
    case .string:
      guard let text = json.string else { return nil }
      self = .text(text)
    }
  }

  /// A metadata value as a parameter of `kind`, or a list of them; nil if it is of another kind.
  init?(_ stated: MetadataValue, kind: HyperparameterRule.Kind, isList: Bool = false) {
    if isList {
      guard let values = stated.elements?.map({ HyperparameterValue($0, kind: kind) }), !values.contains(nil) else {
        return nil
      }
      self = .list(values.compactMap(\.self))
      return
    }
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
    case .string:
      guard let text = stated.text else { return nil }
      self = .text(text)
    }
  }

  /// The result of a formula as a parameter of `kind`; nil if it is none.
  func converted(to kind: HyperparameterRule.Kind) -> HyperparameterValue? {
    switch (kind, self) {
    case (.u32, .integer), (.f32, .real), (.bool, .bool), (.string, .text), (_, .list): self
    case (.f32, .integer(let value)): .real(Double(value))
    case (.u32, .real(let value)): Int(exactly: value).map { .integer($0) }
    case (.bool, .integer(0)): .bool(false)
    case (.bool, .integer(1)): .bool(true)
    default: nil
    }
  }

  /// The value for config.json, in the words that it has there.
  func configuration(_ rule: HyperparameterRule) -> JSON {
    if self == rule.nullValue { return .null }
    func encoded(_ value: HyperparameterValue) -> JSON {
      rule.enumValues.first { $0.value == value }.map { .string($0.word) } ?? value.json
    }
    if case .list(let values) = self {
      guard rule.isKeyedByIndex else { return .array(values.map(encoded)) }
      return .object(
        JSON.Object(uniqueKeysWithValues: values.enumerated().map { (ExactString("\($0)"), encoded($1)) }))
    }
    return encoded(self)
  }
}

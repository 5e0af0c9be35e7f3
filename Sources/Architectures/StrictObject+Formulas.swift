import Bytes

extension StrictObject {
  mutating func expression(_ key: String) throws(DefinitionError) -> Expression? {
    guard let text = try optionalString(key) else { return nil }
    guard let expression = Expression(text) else {
      throw DefinitionError(keyPath: path(key), reason: .badExpression(text))
    }
    return expression
  }

  mutating func expressions(_ key: String) throws(DefinitionError) -> [Expression]? {
    guard let value = take(key) else { return nil }
    return try Self.expressions(value, at: path(key))
  }

  /// The elements of `value` as formulas; a number is one too.
  static func expressions(_ value: JSON, at keyPath: String) throws(DefinitionError) -> [Expression] {
    guard let elements = value.array else {
      throw DefinitionError(keyPath: keyPath, reason: .wrongKind(expected: "an array", found: value.kindName))
    }
    var expressions: [Expression] = []
    for element in elements {
      guard let text = element.string ?? element.integer.map(String.init) else {
        throw DefinitionError(keyPath: keyPath, reason: .wrongKind(expected: "formulas", found: element.kindName))
      }
      guard let expression = Expression(text) else {
        throw DefinitionError(keyPath: keyPath, reason: .badExpression(text))
      }
      expressions.append(expression)
    }
    return expressions
  }
}

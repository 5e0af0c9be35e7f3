import Bytes

/// A JSON object of which every member must be asked for: what is left over is an unknown key.
struct StrictObject {
  /// Where it stands in the definition.
  let place: String
  private var members: JSON.Object

  init(_ value: JSON, at place: String) throws(DefinitionError) {
    guard case .object(let members) = value else {
      throw DefinitionError(place: place, fact: .wrongKind(expected: "an object", found: value.kindName))
    }
    self.place = place
    self.members = members
  }

  func path(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

  /// The member `key`, which no longer counts as unknown.
  mutating func take(_ key: String) -> JSON? { members.removeValue(forKey: ExactString(key)) }

  mutating func string(_ key: String) throws(DefinitionError) -> String {
    guard let value = try optionalString(key) else { throw DefinitionError(place: place, fact: .missing(key)) }
    return value
  }

  mutating func optionalString(_ key: String) throws(DefinitionError) -> String? {
    guard let value = take(key) else { return nil }
    guard let text = value.string else { throw wrongKind(key, "a string", value) }
    return text
  }

  mutating func strings(_ key: String) throws(DefinitionError) -> [String]? {
    guard let values = try array(key) else { return nil }
    var texts: [String] = []
    for value in values {
      guard let text = value.string else { throw wrongKind(key, "strings", value) }
      texts.append(text)
    }
    return texts
  }

  mutating func array(_ key: String) throws(DefinitionError) -> [JSON]? {
    guard let value = take(key) else { return nil }
    guard let elements = value.array else { throw wrongKind(key, "an array", value) }
    return elements
  }

  mutating func flag(_ key: String) throws(DefinitionError) -> Bool {
    guard let value = take(key) else { return false }
    guard let flag = value.bool else { throw wrongKind(key, "a boolean", value) }
    return flag
  }

  mutating func stringLists(_ key: String) throws(DefinitionError) -> [[String]]? {
    guard let values = try array(key) else { return nil }
    var lists: [[String]] = []
    for value in values {
      guard let texts = value.array?.map(\.string), !texts.contains(nil) else {
        throw wrongKind(key, "lists of strings", value)
      }
      lists.append(texts.compactMap(\.self))
    }
    return lists
  }

  mutating func expression(_ key: String) throws(DefinitionError) -> Expression? {
    guard let text = try optionalString(key) else { return nil }
    guard let expression = Expression(text) else {
      throw DefinitionError(place: path(key), fact: .badExpression(text))
    }
    return expression
  }

  mutating func expressions(_ key: String) throws(DefinitionError) -> [Expression]? {
    guard let value = take(key) else { return nil }
    return try Self.expressions(value, at: path(key))
  }

  /// The elements of `value` as formulas; a number is one too.
  static func expressions(_ value: JSON, at place: String) throws(DefinitionError) -> [Expression] {
    guard let elements = value.array else {
      throw DefinitionError(place: place, fact: .wrongKind(expected: "an array", found: value.kindName))
    }
    var expressions: [Expression] = []
    for element in elements {
      guard let text = element.string ?? element.integer.map(String.init) else {
        throw DefinitionError(place: place, fact: .wrongKind(expected: "formulas", found: element.kindName))
      }
      guard let expression = Expression(text) else { throw DefinitionError(place: place, fact: .badExpression(text)) }
      expressions.append(expression)
    }
    return expressions
  }

  /// The members of the object `key`, in order, with their places.
  mutating func members(_ key: String) throws(DefinitionError) -> [(name: String, value: JSON, place: String)]? {
    guard let value = take(key) else { return nil }
    guard let object = value.object else { throw wrongKind(key, "an object", value) }
    return object.map { ($0.key.text, $0.value, "\(path(key)).\($0.key.text)") }
  }

  /// Throws if a member was not asked for.
  func finish() throws(DefinitionError) {
    if let key = members.keys.first { throw DefinitionError(place: place, fact: .unknownKey(key.text)) }
  }

  private func wrongKind(_ key: String, _ expected: String, _ value: JSON) -> DefinitionError {
    DefinitionError(place: path(key), fact: .wrongKind(expected: expected, found: value.kindName))
  }
}

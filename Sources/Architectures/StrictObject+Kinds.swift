import Bytes

// Members of one kind; one of another kind is an error.

extension StrictObject {
  mutating func string(_ key: String) throws(DefinitionError) -> String {
    guard let value = try optionalString(key) else { throw missing(key) }
    return value
  }

  mutating func optionalString(_ key: String) throws(DefinitionError) -> String? {
    guard let value = take(key) else { return nil }
    guard let text = value.string else { throw wrongKind(key, "a string", value) }
    return text
  }

  mutating func flag(_ key: String) throws(DefinitionError) -> Bool { try optionalFlag(key) ?? false }

  mutating func optionalFlag(_ key: String) throws(DefinitionError) -> Bool? {
    guard let value = take(key) else { return nil }
    guard let flag = value.bool else { throw wrongKind(key, "a boolean", value) }
    return flag
  }

  mutating func integer(_ key: String) throws(DefinitionError) -> Int? {
    guard let value = take(key) else { return nil }
    guard let integer = value.integer else { throw wrongKind(key, "an integer", value) }
    return integer
  }

  mutating func array(_ key: String) throws(DefinitionError) -> [JSON]? {
    guard let value = take(key) else { return nil }
    guard let elements = value.array else { throw wrongKind(key, "an array", value) }
    return elements
  }

  mutating func strings(_ key: String) throws(DefinitionError) -> [String]? {
    guard let values = try array(key) else { return nil }
    var strings: [String] = []
    for value in values {
      guard let string = value.string else { throw wrongKind(key, "strings", value) }
      strings.append(string)
    }
    return strings
  }

  mutating func stringLists(_ key: String) throws(DefinitionError) -> [[String]]? {
    guard let values = try array(key) else { return nil }
    var lists: [[String]] = []
    for value in values {
      guard let strings = value.array?.map(\.string), !strings.contains(nil) else {
        throw wrongKind(key, "lists of strings", value)
      }
      lists.append(strings.compactMap(\.self))
    }
    return lists
  }

  /// The case that the member `key` names; nil if the member is absent.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, of type: Choice.Type = Choice.self
  ) throws(DefinitionError) -> Choice? {
    guard let value = take(key) else { return nil }
    return try Self.choice(value, at: path(key))
  }

  /// The case that `value` names.
  static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ value: JSON, at keyPath: String
  ) throws(DefinitionError) -> Choice {
    guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw DefinitionError(
        keyPath: keyPath, reason: .wrongKind(expected: "one of \(known)", found: value.string?.quoted ?? value.kindName)
      )
    }
    return choice
  }

  /// The members of the object `key`, in order, with their key paths.
  mutating func members(_ key: String) throws(DefinitionError) -> [(name: String, value: JSON, keyPath: String)]? {
    guard let value = take(key) else { return nil }
    guard let object = value.object else { throw wrongKind(key, "an object", value) }
    return object.map { ($0.key.text, $0.value, "\(path(key)).\($0.key.text)") }
  }

  /// The objects of the array `key`, each with the path of its name where it has one: `tensors.attention_query`.
  ///
  /// - Parameter name: the member that names an entry.
  mutating func entries(_ key: String, named name: String) throws(DefinitionError) -> [StrictObject] {
    var entries: [StrictObject] = []
    for (index, value) in (try array(key) ?? []).enumerated() {
      let names = value[name]?.array ?? [value[name] ?? .null]
      let joined = names.compactMap(\.string).joined(separator: "+")
      entries.append(try StrictObject(value, at: path(key) + (joined.isEmpty ? "[\(index)]" : ".\(joined)")))
    }
    return entries
  }
}

import Bytes

/// A JSON object that rejects members nobody asked for.
struct StrictObject {
  /// The path of the object in the definition: `tensors.attention_query.names`; empty for the whole.
  let keyPath: String
  private var members: JSON.Object
  /// The members that were asked for, which are those that a definition can have here.
  private var known: [String] = []

  init(_ value: JSON, at keyPath: String) throws(DefinitionError) {
    guard case .object(let members) = value else {
      throw DefinitionError(keyPath: keyPath, reason: .wrongKind(expected: "an object", found: value.kindName))
    }
    self.keyPath = keyPath
    self.members = members
  }

  func path(_ key: String) -> String { keyPath.isEmpty ? key : "\(keyPath).\(key)" }

  /// The member `key`, which no longer counts as unknown.
  mutating func take(_ key: String) -> JSON? {
    known.append(key)
    return members.removeValue(forKey: ExactString(key))
  }

  /// The error that the member `key` is missing, or else that a member is misspelled.
  func missing(_ key: String) -> DefinitionError {
    for member in members.keys.lazy.map(\.text) {
      guard let nearest = member.nearest(among: known + [key]) else { continue }
      return DefinitionError(keyPath: keyPath, reason: .unknownMember(member, nearest: nearest))
    }
    return DefinitionError(keyPath: keyPath, reason: .missing(key))
  }

  /// Throws if a member was not asked for.
  func finish() throws(DefinitionError) {
    guard let key = members.keys.first?.text else { return }
    throw DefinitionError(keyPath: keyPath, reason: .unknownMember(key, nearest: key.nearest(among: known)))
  }

  func wrongKind(_ key: String, _ expected: String, _ value: JSON) -> DefinitionError {
    DefinitionError(keyPath: path(key), reason: .wrongKind(expected: expected, found: value.kindName))
  }
}

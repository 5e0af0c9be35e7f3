import Bytes

/// A definition's text with everything that it inherits, before it is read.
///
/// Lists of named entries keep the base's entries, changed member by member where the extension names them again (a
/// null takes a member away); `removes` takes away whole entries. Objects are merged, other members replaced.
struct ExtendedDefinition {
  /// The definition with all that it inherits.
  let json: JSON
  /// The definitions it extends, the nearest last.
  let baseNames: [String]

  /// A definition may be based on one that is based on another, but not on more than this many in turn.
  static let maximumDepth = 4

  /// The members that say what a definition is and not what it is like; none of them is inherited.
  private static let ownMembers: Set<ExactString> = [
    "name", "summary", "abstract", "extends", "classes", "model_types",
  ]
  /// Lists of entries, and the member by which an entry is named.
  private static let namedLists: [ExactString: String] = ["parameters": "name", "tensors": "role", "packed": "roles"]

  /// Reads the bases of `json` and puts it over them.
  ///
  /// - Parameter bundled: gives the text of the bundled definition that `extends` names.
  init(_ json: JSON, depth: Int = 0, bundled: (String) -> JSON?) throws(DefinitionError) {
    guard var members = json.object, let extends = members.removeValue(forKey: "extends") else {
      (self.json, baseNames) = (json, [])
      return
    }
    guard let name = extends.string else {
      throw DefinitionError(place: "extends", fact: .wrongKind(expected: "a string", found: extends.kindName))
    }
    guard let found = bundled(name) else { throw DefinitionError(place: "extends", fact: .unknownBase(name)) }
    guard depth < Self.maximumDepth else { throw DefinitionError(place: "extends", fact: .extendsTooDeep(name)) }
    let base = try ExtendedDefinition(found, depth: depth + 1, bundled: bundled)
    baseNames = base.baseNames + [name]
    var merged = (base.json.object ?? [:]).filter { !Self.ownMembers.contains($0.key) }
    if let removed = members.removeValue(forKey: "removes") { try Self.remove(removed, from: &merged) }
    for (key, value) in members { merged[key] = try Self.merge(key, merged[key], value) }
    self.json = .object(merged)
  }

  /// A member of the base with that of the extension over it.
  private static func merge(_ key: ExactString, _ base: JSON?, _ own: JSON) throws(DefinitionError) -> JSON {
    guard let base else { return own }
    switch (base, own) {
    case (.array(let entries), .array(let others)):
      if let name = namedLists[key] { return .array(try merge(entries, others, by: name, at: key.text)) }
      if key == "dropped" { return .array(entries + others) }
      if key == "gguf_metadata" { return .array(splice(entries, into: others)) }
      return own
    case (.object, .object): return merge(base, own, keepsNull: key == "config_constants")
    default: return own
    }
  }

  private static func merge(_ base: JSON, _ own: JSON, keepsNull: Bool) -> JSON {
    guard var members = base.object, let others = own.object else { return own }
    for (key, value) in others {
      if value.isNull, !keepsNull {
        members[key] = nil
      } else {
        members[key] = members[key].map { merge($0, value, keepsNull: keepsNull) } ?? value
      }
    }
    return .object(members)
  }

  private static func merge(
    _ base: [JSON], _ own: [JSON], by member: String, at place: String
  ) throws(DefinitionError) -> [JSON] {
    var entries = base
    var seen: Set<JSON> = []
    for entry in own {
      let name = entry[member]
      if let name, !seen.insert(name).inserted {
        throw DefinitionError(place: place, fact: .duplicate(words(name)))
      }
      if let name, let index = entries.firstIndex(where: { $0[member] == name }) {
        entries[index] = merge(entries[index], entry, keepsNull: false)
      } else {
        entries.append(entry)
      }
    }
    return entries
  }

  /// The list with the base's in place of the group `inherited`.
  private static func splice(_ base: [JSON], into own: [JSON]) -> [JSON] {
    own.flatMap { $0["group"]?.string == "inherited" ? base : [$0] }
  }

  /// Takes away entries that are named `names`, or that hold a role so named, and dropped tensors of that name.
  private static func remove(_ names: JSON, from members: inout JSON.Object) throws(DefinitionError) {
    for name in names.array ?? [names] {
      var isFound = false
      for key in ["parameters", "tensors", "packed", "dropped"] as [ExactString] {
        guard let entries = members[key]?.array else { continue }
        let kept = entries.filter { entry in
          let own = entry[namedLists[key] ?? "name"]
          return own != name && own?.array?.contains(name) != true
        }
        isFound = isFound || kept.count < entries.count
        members[key] = .array(kept)
      }
      guard isFound else { throw DefinitionError(place: "removes", fact: .nothingToRemove(words(name))) }
    }
  }

  private static func words(_ name: JSON) -> String {
    name.string ?? name.array?.compactMap(\.string).joined(separator: "+") ?? name.text(.compact)
  }
}

import Bytes

/// A definition's JSON with everything that it inherits, before it is read.
///
/// Lists of named entries keep the base's entries, changed member by member where the extension names them again (a
/// null removes a member); `removes` removes whole entries. Objects are merged, other members replaced. A naming scheme
/// that is removed takes what entries have for it with it.
struct ExtendedDefinition {
  /// The definition with all that it inherits.
  let json: JSON
  /// The definitions it extends, the nearest last.
  let baseNames: [String]

  /// The members that identify a definition; none of them is inherited.
  private static let ownMembers: Set<ExactString> = [
    "name", "summary", "abstract", "extends", "classes", "model_types", "config_keys", "tokenizer_classes",
    "tokenizers",
  ]
  /// Lists of entries, and the member by which an entry is named.
  private static let namedLists: [ExactString: String] = [
    "hyperparameters": "name", "tensors": "role", "fused": "roles",
  ]

  /// Merges the members of `json` into those of its bases.
  ///
  /// - Parameters:
  ///   - bases: the definitions that `extends` can name, by name.
  ///   - maximumDepth: how many definitions it may extend; a user's may extend any bundled one.
  ///   - path: the definitions that extend this one, the nearest last.
  init(
    _ json: JSON, bases: [String: JSON], maximumDepth: Int, path: [String] = []
  ) throws(DefinitionError) {
    guard var members = json.object, let extends = members.removeValue(forKey: "extends") else {
      (self.json, baseNames) = (json, [])
      return
    }
    func failure(_ reason: DefinitionError.Reason) -> DefinitionError {
      DefinitionError(keyPath: "extends", reason: reason)
    }
    guard let name = extends.string else {
      throw failure(.wrongKind(expected: "a string", found: extends.kindName))
    }
    guard let found = bases[name] else { throw failure(.unknownBase(name, nearest: name.nearest(among: bases.keys))) }
    guard !path.contains(name) else { throw failure(.extendsItself(name)) }
    let base = try ExtendedDefinition(found, bases: bases, maximumDepth: maximumDepth, path: path + [name])
    baseNames = base.baseNames + [name]
    guard !path.isEmpty || baseNames.count <= maximumDepth else { throw failure(.extendsTooDeep(name)) }
    var merged = (base.json.object ?? [:]).filter { !Self.ownMembers.contains($0.key) }
    if let removed = members.removeValue(forKey: "removes") { try Self.remove(removed, from: &merged) }
    for (key, value) in members { merged[key] = try Self.merge(key, merged[key], value) }
    for (scheme, value) in members["schemes"]?.object ?? [:] where value.isNull {
      for key in Self.namedLists.keys { merged[key] = merged[key].map { Self.remove(scheme: scheme, from: $0) } }
    }
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
    case (.object, .object):
      return try merge(base, own, keepsNull: key == "config_constants" || key == "expected_config", at: key.text)
    default: return own
    }
  }

  private static func merge(
    _ base: JSON, _ own: JSON, keepsNull: Bool, at keyPath: String
  ) throws(DefinitionError) -> JSON {
    guard var members = base.object, let others = own.object else { return own }
    for (key, value) in others {
      let inner = "\(keyPath).\(key.text)"
      if value.isNull, !keepsNull {
        guard members.removeValue(forKey: key) != nil else {
          throw DefinitionError(keyPath: keyPath, reason: .nothingToRemove(key.text))
        }
      } else if let inherited = members[key] {
        members[key] = try merge(inherited, value, keepsNull: keepsNull, at: inner)
      } else {
        members[key] = value
      }
    }
    return .object(members)
  }

  private static func merge(
    _ base: [JSON], _ own: [JSON], by member: String, at keyPath: String
  ) throws(DefinitionError) -> [JSON] {
    var entries = base
    var seen: Set<JSON> = []
    for entry in own {
      let name = entry[member]
      if let name, !seen.insert(name).inserted {
        throw DefinitionError(keyPath: keyPath, reason: .duplicate(words(name)))
      }
      if let name, let index = entries.firstIndex(where: { $0[member] == name }) {
        entries[index] = try merge(entries[index], entry, keepsNull: false, at: "\(keyPath).\(words(name))")
      } else {
        entries.append(entry)
      }
    }
    return entries
  }

  /// The list with the base's entries for the group `inherited`.
  private static func splice(_ base: [JSON], into own: [JSON]) -> [JSON] {
    own.flatMap { $0["group"]?.string == "inherited" ? base : [$0] }
  }

  /// Removes entries that are named `names` or have a role of that name, and dropped tensors of that name.
  private static func remove(_ names: JSON, from members: inout JSON.Object) throws(DefinitionError) {
    for name in names.array ?? [names] {
      var isFound = false
      for key in ["hyperparameters", "tensors", "fused", "dropped"] as [ExactString] {
        guard let entries = members[key]?.array else { continue }
        let kept = entries.filter { entry in
          let own = entry[namedLists[key] ?? "name"]
          return own != name && own?.array?.contains(name) != true
        }
        isFound = isFound || kept.count < entries.count
        members[key] = .array(kept)
      }
      guard isFound else { throw DefinitionError(keyPath: "removes", reason: .nothingToRemove(words(name))) }
    }
  }

  /// Removes what the entries have for a naming scheme: names, transforms, shapes.
  private static func remove(scheme: ExactString, from entries: JSON) -> JSON {
    .array(
      (entries.array ?? []).map { entry in
        guard var members = entry.object else { return entry }
        for (key, value) in members {
          guard var own = value.object, own.removeValue(forKey: scheme) != nil else { continue }
          members[key] = .object(own)
        }
        return .object(members)
      })
  }

  private static func words(_ name: JSON) -> String {
    name.string ?? name.array?.compactMap(\.string).joined(separator: "+") ?? name.text(.compact)
  }
}

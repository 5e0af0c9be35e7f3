import Bytes

extension ArchitectureDefinition {
  /// Hyperparameters that config.json states several times with different values, in words.
  ///
  /// The value that counts is that of `AutoConfig`: of the first key of the rule that is stated.
  public func conflicts(in configuration: Configuration, _ set: HyperparameterSet) -> [String] {
    let configuration = configuration.reading(rope: ropeForm)
    var conflicts = hyperparameters.compactMap { rule in
      rule.enabledBy.map(set.flag) ?? true ? conflict(of: rule, in: configuration) : nil
    }
    if let overridden = configuration.rope.overridden {
      conflicts.append(
        ConfigurationRemark.conflict(
          (overridden.usedPath, overridden.used), [(overridden.otherPath, overridden.other)]))
    }
    if let type = configuration.rope.olderType, let used = configuration.rope.members["rope_type"],
      !Self.isSameRopeType(used, type)
    {
      let path = configuration.rope.path
      conflicts.append(ConfigurationRemark.conflict(("\(path).rope_type", used), [("\(path).type", type)]))
    }
    return conflicts
  }

  private func conflict(of rule: HyperparameterRule, in configuration: Configuration) -> String? {
    var stated: [(path: String, json: JSON, value: HyperparameterValue)] = []
    for key in rule.configKeys where !rule.independentKeys.contains(key) {
      guard let json = configuration.member(key), !json.isNull else { continue }
      let path = configuration.location(key)
      guard let value = try? rule.value(json, key: path), value != rule.placeholder else { continue }
      stated.append((path, json, value))
    }
    guard let used = stated.first else { return nil }
    let others = stated.dropFirst().filter { $0.value != used.value }
    guard !others.isEmpty else { return nil }
    return ConfigurationRemark.conflict((used.path, used.json), others.map { ($0.path, $0.json) })
  }

  /// Whether two words name one type of scaling.
  private static func isSameRopeType(_ first: JSON, _ second: JSON) -> Bool {
    let plain: Set<String> = ["default", "mrope"], long: Set<String> = ["longrope", "su"]
    guard let one = first.string, let other = second.string, one != other else { return first == second }
    return plain.isSuperset(of: [one, other]) || long.isSuperset(of: [one, other])
  }
}

/// The wording of remarks on config.json and params.json.
enum ConfigurationRemark {
  /// Says that members contradict each other, and that the first counts.
  static func conflict(_ used: (path: String, value: JSON), _ others: [(path: String, value: JSON)]) -> String {
    let rest = others.map { member($0.path, $0.value) }.joined(separator: " and ")
    return "config.json: \(member(used.path, used.value)), but \(rest): \(used.path.quoted) counts, as in transformers"
  }

  /// The first names with a verb for all: `"a" is`, `"a" and "b" are`, `"a", "b" and 7 more are`.
  static func list(_ names: [String]) -> String {
    joined(names.map(\.quoted)) + (names.count == 1 ? " is" : " are")
  }

  /// The first six words: `a`, `a and b`, `a, b and 7 more`.
  static func joined(_ words: [String]) -> String {
    let shown = words.prefix(6), more = words.count - shown.count
    let last = more > 0 ? "\(more.grouped) more" : shown.last ?? ""
    let first = more > 0 ? shown : shown.dropLast()
    return first.isEmpty ? last : first.joined(separator: ", ") + " and " + last
  }

  /// A member with its value, which is cut where it is long.
  static func member(_ path: String, _ value: JSON) -> String {
    let text = value.text(.compact).escapedForDisplay
    return "\(path.quoted) is \(text.count > 100 ? text.prefix(99) + "…" : text)"
  }
}

extension JSON {
  /// Whether it is null, false, an empty text, list or object.
  var isNothing: Bool {
    switch self {
    case .null: true
    case .bool(let flag): !flag
    case .number: false
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    }
  }
}

import Ingot

extension ArchitectureDefinition {
  /// Derived and dropped tensors; empty if there are none.
  var otherTables: String {
    var tables: [String] = []
    if !derived.isEmpty {
      var table = Table(["derived tensor": .left, "scheme": .left, "name": .left])
      for rule in derived {
        for scheme in writtenSchemes {
          if let pattern = pattern(of: rule, in: scheme) { table.append(rule.role.rawValue, scheme.name, pattern.text) }
        }
      }
      tables.append(table.text())
    }
    if !dropped.isEmpty {
      var table = Table(["dropped tensor": .left, "reason": .left])
      for rule in dropped {
        table.append(rule.pattern.text, rule.reason + (rule.copyOf.map { " (a copy of \($0))" } ?? ""))
      }
      tables.append(table.text())
    }
    return tables.joined(separator: "\n")
  }

  /// The metadata of a GGUF in order.
  var metadataTable: String {
    guard ggufArchitecture != nil else { return "" }
    var table = Table(["GGUF metadata": .left, "value": .left, "written": .left])
    for rule in ggufMetadata {
      guard case .pair(let key, let value, let condition) = rule else {
        table.append("(\(rule.wording))", "", "")
        continue
      }
      let written =
        switch condition {
        case .always: "always"
        case .explicit: "if explicit"
        case .unscaled: "without rotary scaling"
        case .hyperparameter(let name): "if \(name)"
        }
      table.append(ggufKey(key), value.wording, written)
    }
    return table.text()
  }

  var vocabularyText: String {
    let types = modelTypes.compactMap { type in
      vocabulary.tokenizerClasses.registered[type].map { tokenizer in
        (
          "tokenizer of \(type)",
          tokenizer.className + (tokenizer.overridesFiles ? ", overriding the tokenizer files" : "")
        )
      }
    }
    return Self.list("vocabulary", vocabulary.members.map { ($0.key.text, $0.value) }, types)
  }

  var forwardPassText: String {
    guard let forwardPass else { return "forward pass".emphasized + "\nnone\n" }
    return Self.list("forward pass", (forwardPass.json.object ?? [:]).map { ($0.key.text, $0.value) })
  }

  /// The members that say something, a line each.
  private static func list(_ title: String, _ members: [(String, JSON)], _ others: [(String, String)] = []) -> String {
    let lines = members.compactMap { name, value -> (String, String)? in
      switch value {
      case .null, .object([:]), .array([]): nil
      case .string(let word): (name, word)
      case .array(let values): (name, values.map { $0.string ?? $0.text(.compact) }.joined(separator: ", "))
      case .object(let members):
        (name, members.map { "\($0.key.text.quoted) \($0.value.text(.compact))" }.joined(separator: ", "))
      default: (name, value.text(.compact))
      }
    }
    return title.emphasized + "\n" + definitionList(lines + others)
  }
}

import Ingot

extension ArchitectureDefinition {
  /// The definition with everything it inherits.
  var text: String {
    [
      name.emphasized + "\n" + "\(summary)\n".wrapped, definitionList(facts), hyperparameterTable, shapeTable,
      nameTables,
      otherTables,
      metadataTable, vocabularyText, forwardPassText,
    ].filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var facts: [(String, String)] {
    let facts: [(String, [String])] = [
      ("extends", baseNames.reversed()), ("classes", classes), ("model types", modelTypes),
      ("only with config.json member", identity.configKeys),
      ("GGUF architecture", [ggufArchitecture ?? "none"]),
      ("only with GGUF key", distinctiveKeys.map(ggufKey)),
      ("GGUF output", ggufArchitecture == nil || ggufOutput == .optional ? [] : [ggufOutput.rawValue]),
      ("naming schemes", writtenSchemes.map(\.name)), ("read inside others", schemes.filter(\.isTextPart).map(\.name)),
      ("only read", schemes.filter(\.isReadingOnly).map(\.name)),
      ("detectable transforms", detectableTransforms.map(\.rawValue)),
      (
        "MTP layers",
        predictionLayers.map { [$0.dropReason.map { "left out of a GGUF: \($0)" } ?? "kept"] } ?? []
      ),
      ("config.json constants", configConstants.map { "\($0.key.text) \($0.value.text(.compact))" }),
    ]
    return facts.filter { !$0.1.isEmpty }.map { ($0.0, $0.1.joined(separator: ", ")) }
  }

  private var hyperparameterTable: String {
    let hasMeta = hyperparameters.contains { !$0.metaKeys.isEmpty }
    var table = Table(
      hasMeta
        ? [
          "hyperparameter": .left, "type": .left, "config.json": .left, "params.json": .left, "GGUF": .left,
          "default": .left, "notes": .left,
        ]
        : [
          "hyperparameter": .left, "type": .left, "config.json": .left, "GGUF": .left, "default": .left, "notes": .left,
        ])
    for rule in hyperparameters {
      let own = hyperparameterDefaults.sorted { $0.key < $1.key }.compactMap { type, values in
        values[rule.name].map { "\($0) for \(type)" }
      }
      table.append(
        [rule.name, rule.typeName, rule.configKeys.joined(separator: ", ")]
          + (hasMeta ? [rule.metaKeys.joined(separator: ", ")] : [])
          + [
            ggufKeys(of: rule).joined(separator: ", "),
            rule.defaultWording ?? (rule.isOptional ? "none" : "required"),
            (own + rule.notes).joined(separator: "; "),
          ])
    }
    return table.text()
  }

  private var shapeTable: String {
    var table = Table(["tensor": .left, "shape": .left, "may be absent": .left, "notes": .left])
    for rule in tensors {
      let absence = rule.tiedTo.map { "yes, then it is \($0)" } ?? (rule.isOptional ? "yes" : "no")
      let notes = [
        rule.instances.map { "\($0) per layer" }, rule.layers.map { "in \($0) layers" },
        rule.mayHavePaddingRows ? "padding rows" : nil, rule.firstLayer > 0 ? "from layer \(rule.firstLayer) on" : nil,
        rule.unusedReason,
      ].compactMap(\.self)
      table.append(
        rule.role.rawValue, rule.shape.map(\.description).joined(separator: " × "), absence,
        notes.joined(separator: ", "))
    }
    return table.text()
  }

  private var nameTables: String {
    writtenSchemes.map { scheme in
      var table = Table(["tensor": .left, "name in \(scheme.name)": .left, "layout": .left])
      for rule in storedRules(in: scheme) {
        let roles = rule.roles.map(\.rawValue).joined(separator: ", ")
        table.append(roles, rule.patterns.map(\.text).joined(separator: ", or "), rule.layoutWording)
      }
      return table.text()
    }.joined(separator: "\n")
  }
}

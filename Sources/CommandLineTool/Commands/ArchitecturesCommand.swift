import ArgumentParser
import Ingot

struct ArchitecturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "architectures",
    abstract: "Lists the architectures, or shows one with everything it inherits.",
    discussion: """
      EXAMPLES:
        # Names, transforms and hyperparameters of an architecture.
        ingot architectures gemma3
        # The same of a definition of your own.
        ingot architectures acme --mapping acme.json
      """)

  @Argument(help: "Architecture to show.")
  var name: String?

  @Option(help: ArgumentHelp("Load an architecture definition from this file as well.", valueName: "file"))
  var mapping: String?

  @OptionGroup var report: ReportOptions

  func run() throws {
    let library = try mapping.map { try ArchitectureLibrary.bundled(withMapping: $0) } ?? ArchitectureLibrary.bundled()
    guard let name else {
      try report.print(json: { library.json }, text: { library.text })
      return
    }
    guard let definition = library.definition(named: name) else {
      throw UnknownArchitecture(name: name, known: library.definitions.map(\.name))
    }
    try report.print(json: { definition.json }, text: { definition.text })
  }
}

/// No definition has this name.
struct UnknownArchitecture: IngotError {
  let name: String
  let known: [String]
  var category: ErrorCategory { .usage }
  var description: String {
    "architecture \(name.quoted): is not known, expected one of \(known.joined(separator: ", "))"
  }
}

extension ArchitectureLibrary {
  fileprivate var json: JSON {
    .members(["schema": .string("ingot.architectures/1"), "architectures": .array(definitions.map(\.json))])
  }

  fileprivate var text: String {
    var table = Table(["architecture": .left, "classes": .left, "naming schemes": .left, "summary": .left])
    for definition in definitions {
      table.append(
        definition.name, definition.classes.joined(separator: ", "),
        definition.ownSchemes.map(\.name).joined(separator: ", "), definition.summary)
    }
    return table.text()
  }
}

extension ArchitectureDefinition {
  fileprivate var text: String {
    let inner = schemes.filter(\.isTextPart).map(\.name).joined(separator: ", ")
    var facts = [
      ("classes", classes.joined(separator: ", ")),
      ("model types", modelTypes.joined(separator: ", ")),
      ("GGUF architecture", ggufArchitecture),
      ("naming schemes", ownSchemes.map(\.name).joined(separator: ", ")),
      ("forward pass", forwardPass == nil ? "no" : "yes"),
    ]
    if !inner.isEmpty { facts.insert(("read inside others", inner), at: 4) }
    return [name.emphasized + "\n" + summary + "\n", definitionList(facts), parameterTable, shapeTable, nameTables]
      .joined(separator: "\n")
  }

  /// The schemes of a model of its own; those of a text model inside another only put something before the names.
  fileprivate var ownSchemes: [NamingScheme] { schemes.filter { !$0.isTextPart } }

  private var parameterTable: String {
    var table = Table(["parameter": .left, "type": .left, "config.json": .left, "default": .left])
    for rule in parameters {
      table.append(
        rule.name, rule.typeName, rule.configKeys.joined(separator: ", "),
        rule.defaultWording ?? (rule.isOptional ? "none" : "required"))
    }
    return table.text()
  }

  private var shapeTable: String {
    var table = Table(["tensor": .left, "shape": .left, "may be absent": .left])
    for rule in tensors {
      let absence = rule.tiedTo.map { "yes, then it is \($0)" } ?? (rule.isOptional ? "yes" : "no")
      table.append(rule.role.rawValue, rule.shape.map(\.description).joined(separator: " × "), absence)
    }
    return table.text()
  }

  private var nameTables: String {
    ownSchemes.map { scheme in
      var table = Table(["tensor": .left, "name in \(scheme.name)": .left, "layout": .left])
      for rule in storedRules(in: scheme) {
        let roles = rule.roles.map(\.rawValue).joined(separator: ", ")
        table.append(roles, rule.patterns.map(\.text).joined(separator: ", or "), rule.layoutWording)
      }
      return table.text()
    }.joined(separator: "\n")
  }
}

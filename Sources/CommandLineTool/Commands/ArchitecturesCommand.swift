import ArgumentParser
import Ingot

struct ArchitecturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "architectures",
    abstract: "Lists the architectures, or shows one with everything it inherits.",
    discussion: """
      EXAMPLES:
        # Names, transforms and hyperparameters of an architecture.
        ingot architectures gemma3
        # The same of a definition of your own.
        ingot architectures acme --mapping acme.json
      """)

  @Argument(help: "Architecture to show.", completion: .architectures)
  var name: String?

  @OptionGroup var definitions: DefinitionOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    let library = try definitions.library
    guard let name else {
      try report.print(json: { library.json }, text: { library.text })
      return
    }
    guard let definition = library.definition(named: name) else {
      throw UnknownArchitecture(name: name, hint: library.hint(for: name))
    }
    try report.print(json: { definition.json }, text: { definition.text })
  }
}

/// No definition has this name.
struct UnknownArchitecture: IngotError {
  let name: String
  let hint: String
  var category: ErrorCategory { .usage }
  var description: String { "architecture \(name.quoted): unknown (\(hint))" }
}

extension ArchitectureLibrary {
  fileprivate var json: JSON {
    .members(["schema": .string("ingot.architectures/1"), "architectures": .array(definitions.map(\.json))])
  }

  fileprivate var text: String {
    var table = Table(["architecture": .left, "classes": .left, "naming schemes": .left, "summary": .left])
    table.expendable = ["naming schemes"]
    for definition in definitions {
      table.append(
        definition.name, definition.classes.joined(separator: ", "),
        definition.writtenSchemes.map(\.name).joined(separator: ", "), definition.summary)
    }
    return table.text()
  }
}

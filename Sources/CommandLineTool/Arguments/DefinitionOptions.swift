import ArgumentParser
import Ingot

/// The architecture definitions that a command knows.
struct DefinitionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Load an architecture definition from this file as well.", valueName: "file"),
    completion: .file())
  var mapping: String?

  /// The bundled definitions, and the user's before them.
  var library: ArchitectureLibrary {
    get throws {
      try mapping.map { try ArchitectureLibrary.bundled(withMapping: $0) } ?? ArchitectureLibrary.bundled()
    }
  }
}

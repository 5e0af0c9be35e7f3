import ArgumentParser
import Ingot

/// How a model that is read is to be understood.
struct ModelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Use a definition of your own besides the bundled ones.", valueName: "file"))
  var mapping: String?

  @Option(
    name: .customLong("arch-as"),
    help: ArgumentHelp("Take the model for one of this architecture, whatever its files say.", valueName: "name"))
  var architecture: String?

  /// Opens the model at `path`, with adapters if there are any.
  func open(_ path: String, with adapters: AdapterOptions? = nil) throws -> Model {
    try Model.open(path, library: try library, architecture: architecture, adapters: adapters?.paths ?? [])
  }

  /// The bundled definitions, and the user's before them.
  var library: DefinitionLibrary {
    get throws {
      try mapping.map { try DefinitionLibrary.bundled(withMapping: $0) } ?? DefinitionLibrary.bundled()
    }
  }
}

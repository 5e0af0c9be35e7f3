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

  @Option(
    help: ArgumentHelp(
      "Take a transform of the input (of two, the first) for applied or not, whatever its names or values say: plus_one "
        + "(1 added to norms) or rotary (rows of queries and keys interleaved); may be repeated.",
      valueName: "transform=yes|no"))
  var dialect: [DialectArgument] = []

  /// Opens the model at `path`, with adapters if there are any, as its names declare it but for what the user states.
  func open(_ path: String, with adapters: AdapterOptions? = nil) throws -> Model {
    try open(path, with: adapters, declaredDialect)
  }

  /// Opens the model at `path`, with adapters if there are any.
  func open(_ path: String, with adapters: AdapterOptions? = nil, _ dialect: DialectChoice) throws -> Model {
    try Model.open(
      path, library: try library, architecture: architecture, adapters: adapters?.paths ?? [], dialect: dialect)
  }

  /// The bundled definitions, and the user's before them.
  var library: DefinitionLibrary {
    get throws {
      try mapping.map { try DefinitionLibrary.bundled(withMapping: $0) } ?? DefinitionLibrary.bundled()
    }
  }
}

import ArgumentParser
import Ingot

/// The interpretation of a model that is read.
struct ModelOptions: ParsableArguments {
  @OptionGroup var definitions: DefinitionOptions

  @Option(
    name: .customLong("arch-as"),
    help: ArgumentHelp("Treat the model as this architecture, ignoring what its files say.", valueName: "name"),
    completion: .architectures)
  var architecture: String?

  @Option(
    name: .customLong("has-transform"),
    help: ArgumentHelp(
      "State whether the input (with two models: the reference) already has this transform, overriding detection: plus_one "
        + "(1 added to norms) or rotary (interleaved rows of queries and keys). Repeatable.",
      valueName: "transform=yes|no"))
  var appliedTransforms: [TransformArgument] = []

  /// Opens the model at `path`, with adapters if there are any, as its names declare it but for what the user states.
  func open(_ path: String, with adapters: AdapterOptions? = nil) throws -> Model {
    try open(path, with: adapters, namedTransforms)
  }

  /// Opens the model at `path`, with adapters if there are any.
  func open(_ path: String, with adapters: AdapterOptions? = nil, _ appliedTransforms: TransformDetection) throws
    -> Model
  {
    try Model.open(
      path, library: try definitions.library, architecture: architecture, adapters: adapters?.paths ?? [],
      appliedTransforms: appliedTransforms)
  }

  /// Returns the conversion of the model at `path`, whose transforms are detected from its values.
  func conversion(of path: String, _ request: ConversionRequest) throws -> RequestedConversion {
    var conversion = RequestedConversion(path, library: try definitions.library, request: request)
    conversion.architecture = architecture
    conversion.appliedTransforms = detectedTransforms
    return conversion
  }

  /// The files that these options name.
  var inputFiles: [InputFile] { definitions.mapping.map { [InputFile("--mapping", $0)] } ?? [] }
}

import ArgumentParser
import Ingot

struct Convert: ConversionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model in another container, naming scheme or storage format.",
    discussion: """
      The conversion is planned before anything is written, and an incomplete file never appears under the output name. \
      The status is 1 if --budget or --verify fails.

      EXAMPLES:
        # Quantize a model folder to a GGUF.
        ingot convert model -o model-Q4_K_M.gguf --type Q4_K_M
        # Write a GGUF as a model folder that transformers loads.
        ingot convert model.gguf -o model
        # Repack an AWQ, GPTQ or MXFP4 model without changing a value.
        ingot convert model-AWQ -o model.gguf --type keep
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.")
  var source: String

  @Option(
    name: [.short, .long, .customLong("outfile")],
    help: "File or folder to write; {ftype} in a GGUF name becomes the storage format.")
  var output: String

  @Option(
    help: "Container to write. (default: from the output name: .gguf, .safetensors, otherwise a folder)")
  var to: ContainerArgument?

  @Option(
    name: [.long, .customLong("outtype")],
    help: "Recipe or storage format; auto: one that holds the source; keep: the one with each tensor's exact values.")
  var type = TypeArgument(argument: "auto")

  @Flag(help: "Give all matrices the recipe's default format.")
  var pure = false

  @Option(help: ArgumentHelp("Naming scheme of the output: hf, meta, yi, …", valueName: "scheme"))
  var naming: String?

  @Option(
    name: .customLong("tensor-type"),
    help: ArgumentHelp(
      "Storage format of tensors whose name matches a regular expression; may be repeated.",
      valueName: "pattern=type"))
  var typeOverrides: [TypeOverrideArgument] = []

  @Option(
    name: .customLong("max-shard-size"),
    help: ArgumentHelp("Maximum size of a shard: 5G, 500M, 2GiB.", valueName: "size"))
  var shardSize: SizeArgument?

  @Option(name: .customLong("model-name"), help: ArgumentHelp("Model name in a GGUF.", valueName: "name"))
  var modelName: String?

  @Option(
    name: .customLong("pre-tokenizer"),
    help: ArgumentHelp("Pre-tokenizer name in a GGUF.", valueName: "name"))
  var preTokenizer: String?

  @OptionGroup var importance: ImportanceOptions
  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard type.recipe == nil else { return }
    for (option, isGiven) in [("--pure", pure && type.isAutomatic), ("--imatrix", importance.path != nil)] where isGiven
    {
      throw ValidationError("\(option) needs a recipe as --type, such as Q4_K_M")
    }
  }

  func run() throws {
    try execution.run(try requestedConversion().plan(), model, adapters: adapters.paths, report)
  }

  func requestedConversion() throws -> RequestedConversion {
    var conversion = try model.conversion(of: source, makeRequest())
    conversion.adapters = adapters.paths
    // Between safetensors no definition is needed, unless an option has to do with one.
    let needsDefinition =
      conversion.request.resolvedTarget == .gguf || naming != nil || model.architecture != nil
      || model.definitions.mapping != nil
      || !model.appliedTransforms.isEmpty
    if !needsDefinition { conversion.definition = .optional }
    return conversion
  }

  /// The files that are read apart from the source and its adapters.
  var inputFiles: [InputFile] { model.inputFiles + importance.inputFiles }

  var namedFiles: [InputFile] { inputFiles + adapters.paths.map { InputFile("--lora", $0) } }

  private func makeRequest() throws -> ConversionRequest {
    var request = ConversionRequest(destination: output)
    switch to {
    case .gguf: request.target = .gguf
    case .safetensors: request.target = .safeTensors(at: output)
    case nil: break
    }
    request.type = try type.choice
    request.recipeOptions.matrices = pure ? .uniform : .byRule
    request.importance = try importance.matrix()
    request.inputFiles = inputFiles
    request.typeOverrides = try typeOverrides.map { try $0.override }
    request.naming = naming
    request.maximumShardByteCount = shardSize?.byteCount
    try execution.apply(to: &request)
    request.modelName = modelName
    request.preTokenizer = preTokenizer
    return request
  }
}

/// A container that can be written.
enum ContainerArgument: String, ExpressibleByArgument, CaseIterable {
  case gguf
  case safetensors
}

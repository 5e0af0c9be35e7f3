import ArgumentParser
import Ingot

struct Quantize: PartedCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "quantize",
    abstract: "Quantizes a model by a recipe of llama-quantize, with the same bytes.",
    usage: """
      ingot quantize <in> [<out>] <type> [<threads>] [<options>]
      ingot quantize <in> [-o <pattern>] --types <type,…> [<threads>] [<options>]
      ingot quantize <in> [<out>] --target-size <size> [<threads>] [<options>]
      """,
    discussion: """
      A recipe gives each matrix its own format by rules, which the plan names. Without <out>, the output is \
      ggml-model-<type>.gguf next to the input. With --target-size or --target-bpw instead of <type>, every matrix is \
      measured in every format, and the combination with the least total error at that size is chosen. With --types, a file \
      of each type is written while the input is read once. The status is 1 if --budget or --verify fails.

      EXAMPLES:
        # Quantize by a recipe and an importance matrix.
        ingot quantize model-F16.gguf model-Q4_K_M.gguf Q4_K_M --imatrix imatrix.gguf
        # Write several types while the model is read once.
        ingot quantize model-F16.gguf --types Q8_0,Q6_K,Q4_K_M -o 'quants/{name}-{ftype}.gguf'
        # Choose formats for a size.
        ingot quantize model-F16.gguf small.gguf --target-size 1.2G
      """)

  @Argument(
    help: ArgumentHelp("GGUF, model folder, shard, or index.", valueName: "in"), completion: .file())
  var source: String

  @Argument(
    help: ArgumentHelp(
      "Output file, recipe name or number, and thread count.",
      valueName: "[out] type [threads]"), completion: .recipesAndFiles)
  var arguments: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Output file, instead of <out>; {name} and {ftype} become the model's name and the type.", valueName: "out"),
    completion: .file())
  var output: String?

  @OptionGroup var types: TypeListOptions
  @OptionGroup var size: SizeTargetOptions

  @Flag(help: "Give all matrices the recipe's default format.")
  var pure = false

  @Flag(name: .customLong("leave-output-tensor"), help: "Keep the format of the output matrix.")
  var keepsOutput = false

  @Option(
    name: .customLong("output-tensor-type"), help: ArgumentHelp("Format of the output matrix.", valueName: "type"))
  var outputFormat: FormatArgument?

  @Option(
    name: .customLong("token-embedding-type"),
    help: ArgumentHelp("Format of the token embedding.", valueName: "type"))
  var embeddingFormat: FormatArgument?

  @Option(
    name: .customLong("tensor-type"),
    help: ArgumentHelp(
      "Format of matrices whose name matches a regular expression; may be repeated, the first match decides.",
      valueName: "pattern=type"))
  var typeOverrides: [TypeOverrideArgument] = []

  @Option(
    name: .customLong("tensor-type-file"),
    help: ArgumentHelp(
      "File of pattern=type pairs, separated by whitespace; --tensor-type takes precedence.",
      valueName: "file"), completion: .file())
  var typeOverrideFiles: [String] = []

  @OptionGroup var importance: ImportanceOptions

  @Option(
    name: .customLong("prune-layers"),
    help: ArgumentHelp("Remove these layers and renumber the rest.", valueName: "layer,…"))
  var prunedLayers: LayerList?

  @Flag(name: .customLong("keep-split"), help: "Split the output like the input.")
  var keepsSplit = false

  @Option(
    name: .customLong("override-kv"),
    help: ArgumentHelp(
      "Set a metadata key; the type is int, float, bool or str; may be repeated.", valueName: "key=type:value"))
  var metadataOverrides: [MetadataOverrideArgument] = []

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  mutating func validate() throws { _ = try order }

  func run() throws {
    var report = report
    let order = try order
    report.threads = order.threadCount ?? report.threads
    guard let names = types.names else {
      return try execution.run(try planned(report), to: order.output, model, report)
    }
    try types.check(order.output, receipt: execution.receipt)
    let requests = try order.recipes.map(makeRequest)
    try execution.run(
      try Planner.plan(conversion(requests[0]).open(), requests), types: names, model, report)
  }

  func requireParts() throws {
    if types.names != nil { throw ValidationError("--types writes several outputs, but a plan has one (plan each)") }
  }

  func carryOut(
    _ plan: ConversionPlan, by way: ConversionJob.Execution, arguments: [String], _ report: ReportOptions
  ) throws {
    try execution.carryOut(plan, by: way, arguments: arguments, model, report)
  }

  /// The files that are read apart from the source.
  var inputFiles: [InputFile] {
    model.inputFiles + importance.inputFiles + typeOverrideFiles.map { InputFile("--tensor-type-file", $0) }
  }

  var namedFiles: [InputFile] { inputFiles }

  func requestedConversion() throws -> RequestedConversion {
    _ = try types.single()
    return try conversion(makeRequest(order.recipes.first))
  }

  private func conversion(_ request: ConversionRequest) throws -> RequestedConversion {
    var conversion = try model.conversion(of: source, request)
    conversion.definition = .optional
    return conversion
  }

  private func makeRequest(_ recipe: Recipe?) throws -> ConversionRequest {
    var request = ConversionRequest(destination: try order.output)
    request.target = .gguf
    if let recipe { request.type = .recipe(recipe) }
    if let target = size.target { request.type = .size(target) }
    request.recipeOptions.matrices = pure ? .uniform : .byRule
    request.recipeOptions.output = keepsOutput ? .keep : .quantize
    request.recipeOptions.outputFormat = try outputFormat?.format
    request.recipeOptions.embeddingFormat = try embeddingFormat?.format
    // A request lets the last decide, llama-quantize the first; that also compares patterns in lower case.
    let overrides = try typeOverrides + typeOverrideFiles.flatMap { try TypeOverrideArgument.list(inFile: $0) }
    request.typeOverrides = try overrides.map { try $0.lowercased.override }.reversed()
    request.importance = try importance.matrix()
    request.inputFiles = inputFiles
    request.prunedLayers = prunedLayers?.layers ?? []
    request.split = keepsSplit ? .preserve : .merge
    request.metadataOverrides = metadataOverrides.map(\.override)
    try execution.apply(to: &request)
    return request
  }
}

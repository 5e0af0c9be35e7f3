import ArgumentParser
import Ingot

struct Quantize: ConversionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantizes a model by a recipe of llama-quantize, with the same bytes.",
    usage: """
      ingot quantize <in> [<out>] <type> [<threads>] [<options>]
      ingot quantize <in> [<out>] --target-size <size> [<threads>] [<options>]
      """,
    discussion: """
      A recipe gives each matrix its own format by rules, which the plan names. Without <out>, the output is \
      ggml-model-<type>.gguf next to the input. With --target-size or --target-bpw instead of <type>, every matrix is \
      measured in every format, and the combination with the least total error at that size is chosen. The status is 1 \
      if --budget or --verify fails.

      EXAMPLES:
        # Quantize by a recipe and an importance matrix.
        ingot quantize model-F16.gguf model-Q4_K_M.gguf Q4_K_M --imatrix imatrix.gguf
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
    report.threads = try order.threadCount ?? report.threads
    try execution.run(try plan(threads: report.threadCount), model, report)
  }

  /// The files that are read apart from the source.
  var inputFiles: [InputFile] {
    model.inputFiles + importance.inputFiles + typeOverrideFiles.map { InputFile("--tensor-type-file", $0) }
  }

  var namedFiles: [InputFile] { inputFiles }

  private func plan(threads: Int) throws -> ConversionPlan {
    let conversion = try requestedConversion()
    let source = try conversion.open()
    let progress = ProgressLine(
      total: source.tensors.count, unit: "tensors measured", isQuiet: report.quiet || size.target == nil)
    defer { progress.finish() }
    return try Planner.plan(source, conversion.request, threads: threads) { progress.advance($0) }
  }

  func requestedConversion() throws -> RequestedConversion {
    var conversion = try model.conversion(of: source, makeRequest())
    conversion.definition = .optional
    return conversion
  }

  private func makeRequest() throws -> ConversionRequest {
    let order = try order
    var request = ConversionRequest(destination: order.output)
    request.target = .gguf
    if let recipe = order.recipe { request.type = .recipe(recipe) }
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

  /// The positional arguments.
  private struct PositionalArguments {
    let output: String
    /// Nil where a size decides.
    let recipe: Recipe?
    let threadCount: Int?
  }

  private var order: PositionalArguments {
    get throws {
      var rest = arguments[...]
      var output: String?
      if let first = rest.first, Recipe.find(first) == nil, size.target == nil || Int(first) == nil {
        output = rest.removeFirst()
      }
      let named = try size.label.map { (recipe: nil, spelling: $0) } ?? recipe(in: &rest)
      let threads = rest.popFirst()
      let threadCount = threads.flatMap { Int($0) }
      guard rest.isEmpty, threads == nil || (threadCount ?? 0) >= 1 else {
        throw ValidationError(
          size.target == nil
            ? "unexpected \((rest.first ?? threads ?? "").quoted) after the recipe, expected a thread count of 1 or more"
              + " (the output comes before the recipe)"
            : "expected an output and a thread count, but no recipe, with \(size.size == nil ? "--target-bpw" : "--target-size")"
        )
      }
      let beside = Path.join(Path.folder(of: source), "ggml-model-\(named.spelling).gguf")
      return PositionalArguments(output: output ?? beside, recipe: named.recipe, threadCount: threadCount)
    }
  }

  /// The recipe that comes first in `arguments`, and how it is spelled in the name of an output.
  private func recipe(in arguments: inout ArraySlice<String>) throws -> (recipe: Recipe?, spelling: String) {
    guard let type = arguments.popFirst() else {
      throw ValidationError("expected the name or number of a recipe, such as Q4_K_M (ingot formats lists them)")
    }
    guard let (recipe, spelling) = Recipe.find(type) else {
      let advice = type.nearest(among: Recipe.names).map { "did you mean \($0.quoted)?" }
      throw ValidationError("\(type.quoted) is not a recipe (\(advice ?? "ingot formats lists them"))")
    }
    return (recipe, spelling)
  }
}

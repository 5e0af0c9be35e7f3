import ArgumentParser
import Ingot

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantizes a model by one of llama-quantize's recipes, to the same bytes.",
    usage: "ingot quantize <in> [<out>] <type> [<threads>] [<options>]",
    discussion: """
      A recipe gives each matrix its own format; the plan and the receipt say which rule decided. Without <out> the \
      file is ggml-model-<type>.gguf beside the input.
      """)

  @Argument(
    help: ArgumentHelp("The model: a GGUF, or a folder, a shard or index of a set.", valueName: "in"))
  var source: String

  @Argument(
    help: ArgumentHelp(
      "The file to write, the recipe's name or number, and how many threads to use.",
      valueName: "[out] type [threads]"))
  var arguments: [String]

  @Flag(help: "Give all matrices the recipe's default format.")
  var pure = false

  @Flag(name: .customLong("leave-output-tensor"), help: "Keep the output matrix as it is.")
  var keepsOutput = false

  @Option(
    name: .customLong("output-tensor-type"), help: ArgumentHelp("The format of the output matrix.", valueName: "type"))
  var outputFormat: FormatArgument?

  @Option(
    name: .customLong("token-embedding-type"),
    help: ArgumentHelp("The format of the token embedding.", valueName: "type"))
  var embeddingFormat: FormatArgument?

  @Option(
    name: .customLong("tensor-type"),
    help: ArgumentHelp(
      "The format of matrices whose name matches a regular expression; may be repeated, the first that matches decides.",
      valueName: "pattern=type"))
  var typeOverrides: [TypeOverrideArgument] = []

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  mutating func validate() throws { _ = try order }

  func run() throws {
    var report = report
    report.threads = try order.threadCount ?? report.threads
    try execution.run(try plan(), model, report)
  }

  func plan() throws -> ConversionPlan {
    let order = try order
    var request = ConversionRequest(destination: order.output)
    request.target = .gguf
    request.type = .recipe(order.recipe)
    request.recipeOptions.isPure = pure
    request.recipeOptions.keepsOutput = keepsOutput
    request.recipeOptions.outputFormat = try outputFormat?.format
    request.recipeOptions.embeddingFormat = try embeddingFormat?.format
    // A request lets the last decide, llama-quantize the first.
    request.typeOverrides = try typeOverrides.map { try $0.override }.reversed()
    execution.apply(to: &request)
    return try Planner.plan(try model.open(source), request)
  }

  /// What the positional arguments say.
  private struct Order {
    let output: String
    let recipe: Recipe
    let threadCount: Int?
  }

  private var order: Order {
    get throws {
      var rest = arguments[...]
      var output: String?
      if let first = rest.first, Recipe.find(first) == nil { output = rest.removeFirst() }
      guard let type = rest.popFirst() else {
        throw ValidationError("expected the name or number of a recipe: \(Recipe.names.joined(separator: ", "))")
      }
      guard let (recipe, spelling) = Recipe.find(type) else {
        throw ValidationError(
          "\(type.quoted) is not a recipe (known: \(Recipe.names.joined(separator: ", ")))")
      }
      let threads = rest.popFirst()
      let threadCount = threads.flatMap { Int($0) }
      guard rest.isEmpty, threads == nil || (threadCount ?? 0) >= 1 else {
        throw ValidationError("expected one number of threads behind the recipe, 1 or more")
      }
      let beside = FileSystem.join(FileSystem.folder(of: source), "ggml-model-\(spelling).gguf")
      return Order(output: output ?? beside, recipe: recipe, threadCount: threadCount)
    }
  }
}

import ArgumentParser
import Ingot

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model in another container, naming scheme or storage format.",
    discussion: """
      The whole conversion is planned first; --dry-run prints that plan. Every problem is found before anything is \
      written, and nothing incomplete ever stands under the final name.
      """)

  @Argument(help: "The model: a folder, a shard or index of a set, or a file.")
  var source: String

  @Option(
    name: [.short, .long, .customLong("outfile")],
    help: "The file or folder to write; {ftype} in the name of a GGUF stands for the storage format.")
  var output: String

  @Option(
    help: "What to write (default: as the name of the output says; neither .gguf nor .safetensors means a folder).")
  var to: ContainerArgument?

  @Option(
    name: [.long, .customLong("outtype")],
    help: "The storage format of the tensors; auto keeps what the target can hold without loss.")
  var type = TypeArgument(argument: "auto")

  @Option(help: ArgumentHelp("The naming scheme of the output: hf, meta, yi, …", valueName: "scheme"))
  var naming: String?

  @Option(
    name: .customLong("tensor-type"),
    help: ArgumentHelp(
      "Another storage format for tensors whose name matches a regular expression; may be repeated.",
      valueName: "pattern=type"))
  var typeOverrides: [TypeOverrideArgument] = []

  @Option(
    name: .customLong("max-shard-size"),
    help: ArgumentHelp("Start a new file after this many bytes: 5G, 500M, 2GiB.", valueName: "size"))
  var shardSize: SizeArgument?

  @Option(name: .customLong("model-name"), help: ArgumentHelp("The model's name in a GGUF.", valueName: "name"))
  var modelName: String?

  @Option(
    name: .customLong("pre-tokenizer"),
    help: ArgumentHelp("The name of the pre-tokenizer in a GGUF.", valueName: "name"))
  var preTokenizer: String?

  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    try execution.run(try plan(), model, adapters: adapters.paths, report)
  }

  func plan() throws -> ConversionPlan {
    try Planner.plan(try model.open(source, with: adapters, model.detectedTransforms), makeRequest())
  }

  private func makeRequest() throws -> ConversionRequest {
    var request = ConversionRequest(destination: output)
    switch to {
    case .gguf: request.target = .gguf
    case .safetensors: request.target = output.hasSuffix(".safetensors") ? .safeTensors : .folder
    case nil: break
    }
    request.type = try type.choice
    request.typeOverrides = try typeOverrides.map { try $0.override }
    request.naming = naming
    request.maximumShardByteCount = shardSize?.byteCount
    try execution.apply(to: &request)
    request.modelName = modelName
    request.preTokenizer = preTokenizer
    return request
  }
}

/// What can be written.
enum ContainerArgument: String, ExpressibleByArgument, CaseIterable {
  case gguf
  case safetensors
}

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

  @Option(name: [.short, .long, .customLong("outfile")], help: "The file or folder to write.")
  var output: String

  @Option(help: "What to write (default: as the name of the output says; a name without suffix is a folder).")
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

  @Flag(name: .customLong("allow-requantize"), help: "Quantize numbers that were quantized before.")
  var allowsRequantizing = false

  @Flag(name: .customLong("dry-run"), help: "Print the plan and write nothing.")
  var isDryRun = false

  @Flag(help: "Open the output again and compare it with the source, as diff --budget auto does.")
  var verify = false

  @Flag(help: "Replace files that exist.")
  var overwrite = false

  @Option(help: ArgumentHelp("Write a record of what was done, with digests, as JSON.", valueName: "file"))
  var receipt: String?

  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    let request = try makeRequest()
    let plan = try Planner.plan(try model.open(source), request)
    if isDryRun {
      try report.print(json: { plan.json }, text: { plan.text(title: "would write") + plan.tensorTable })
      return
    }
    if let receipt {
      try plan.requireSeparate(receipt)
      try AtomicFile.requireFree(receipt, overwrite: policy)
    }
    let progress = ProgressLine(totalByteCount: plan.byteCount, isQuiet: report.quiet)
    let outcomes: [TensorOutcome]
    do {
      outcomes = try Executor.run(plan, threads: report.threadCount) { progress.advance($0) }
    } catch {
      progress.finish()
      throw error
    }
    progress.finish()
    let summary = ConversionSummary(plan: plan, outcomes: outcomes, seconds: progress.seconds)
    let record = Receipt(
      plan: plan, outcomes: outcomes, options: Array(CommandLine.arguments.dropFirst()), version: Product.version)
    if let receipt {
      let json = try record.json(threads: report.threadCount)
      try AtomicFile.write(json.encoded(.indented), to: receipt, overwrite: policy)
    }
    let diff = verify ? try compareWithSource() : nil
    try report.print(
      json: { summary.json(verification: diff) },
      text: { summary.text + (diff.map { "\n" + $0.text(lists: .none) } ?? "") })
    if diff?.passes == false { throw FailedCheck() }
  }

  private func compareWithSource() throws -> CheckpointDiff {
    var options = CheckpointDiff.Options()
    options.tolerance = .byFormat
    return try Diff.compare(source, output, model, report, options)
  }

  private var policy: OverwritePolicy { overwrite ? .replace : .refuse }

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
    request.overwrite = policy
    request.allowsRequantizing = allowsRequantizing
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

import ArgumentParser
import Ingot

struct ImatrixMeasure: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract: "Measures an importance matrix on a text, as llama-imatrix does.",
    usage: "ingot imatrix <model> --file <file> [--output <output>] [<options>]",
    discussion: """
      Sums the squares of what each column of the layers' matrices is multiplied by, over whole windows of the text. For \
      experts only the tokens that are routed to them count.
      """)

  @Argument(help: "The model.")
  var path: String

  @Option(help: "The text, for the model's own tokenizer.")
  var file: String

  @Option(name: .shortAndLong, help: "The file to write; a name that ends in .dat asks for the legacy form.")
  var output = "imatrix.gguf"

  @Option(help: ArgumentHelp("Tokens of a window.", valueName: "count"))
  var context = 512

  @Option(help: ArgumentHelp("Use only this many windows, from the front.", valueName: "count"))
  var chunks: Int?

  @Flag(name: .customLong("process-output"), help: "Measure the output matrix, too, if the model has its own.")
  var includesOutput = false

  @Flag(help: "Replace the output if it exists.")
  var overwrite = false

  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if context < 2 { throw ValidationError("--context is \(context), expected 2 or more") }
    if let chunks, chunks < 1 { throw ValidationError("--chunks is \(chunks), expected 1 or more") }
  }

  func run() throws {
    let policy: OverwritePolicy = overwrite ? .replace : .refuse
    try AtomicFile.requireFree(output, overwrite: policy)
    let opened = try model.open(path)
    let windows = try windows(opened)
    let progress = ProgressLine(total: windows.count, unit: "windows", isQuiet: report.quiet)
    defer { progress.finish() }
    let sums = try ImportanceMatrixBuilder.measure(
      ModelWeights(opened), on: windows, chunkSize: context, dataset: file, includesOutput: includesOutput,
      threads: report.threadCount
    ) { progress.advance($0) }
    try sums.write(to: output, form: output.hasSuffix(".dat") ? .legacy : .gguf, overwrite: policy)
    progress.finish()
    let result = try ImportanceReport(ImportanceMatrix.open(output), model: opened)
    try report.print(json: { result.json }, text: { result.headlines + result.gapLines })
  }

  private func windows(_ model: Model) throws -> ArraySlice<[Int]> {
    let tokenizer = try model.tokenizer()
    var text = try TokenOptions.read(file).unicodeScalars[...]
    // As llama-imatrix reads its text.
    if text.last == "\n" { text.removeLast() }
    let ids = tokenizer.encode(String(text))
    let windows = TokenChunks(asLlamaPerplexity: ids, length: context, start: tokenizer.startToken(of: ids)).windows
    guard !windows.isEmpty else { throw TextTooShort(path: file, tokenCount: ids.count, windowLength: context) }
    return windows.prefix(chunks ?? .max)
  }
}

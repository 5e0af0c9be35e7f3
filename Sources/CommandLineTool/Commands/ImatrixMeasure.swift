import ArgumentParser
import Ingot

struct ImatrixMeasure: MeasuringCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "measure",
    abstract: "Measures an importance matrix on text, as llama-imatrix does.",
    usage: "ingot imatrix <model> --file <file> [--output <output>] [<options>]",
    discussion: """
      For each matrix, sums the squared input activations of every column over whole chunks of the text. For experts, \
      only the tokens routed to them count.

      EXAMPLES:
        # Measure on a text.
        ingot imatrix model --file text.txt -o imatrix.gguf
        # Use it.
        ingot quantize model-F16.gguf Q4_K_M --imatrix imatrix.gguf
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.", completion: .file())
  var path: String

  @Option(help: "Text file, encoded by the model's tokenizer.", completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: "File to write; .dat selects the legacy container.", completion: .file())
  var output = "imatrix.gguf"

  @Option(parsing: .unconditional, help: ArgumentHelp("Tokens per chunk.", valueName: "count"))
  var context = 512

  @Option(parsing: .unconditional, help: ArgumentHelp("Use only this many chunks, from the start.", valueName: "count"))
  var chunks: Int?

  @Flag(name: .customLong("process-output"), help: "Measure the output matrix as well, unless tied.")
  var includesOutput = false

  @Flag(help: "Replace an existing output.")
  var overwrite = false

  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if context < 2 { throw ValidationError("--context is \(context), expected 2 or more") }
    if let chunks, chunks < 1 { throw ValidationError("--chunks is \(chunks), expected 1 or more") }
  }

  func run() throws {
    let measurement = try open(writes: true)
    let progress = ProgressLine(total: measurement.itemCount, unit: "chunks", isQuiet: report.quiet)
    defer { progress.finish() }
    let sums = try measurement.matrix(threads: report.threadCount) { progress.advance($0) }
    progress.finish()
    try write(sums, of: measurement.model, report)
  }

  func open(writes: Bool) throws -> ImportanceMeasurement {
    let opened = try model.open(path)
    if writes {
      try AtomicFile.requireWritable([output], overwrite: policy, apartFrom: opened.checkpoint.storedFiles)
    }
    return ImportanceMeasurement(
      try ModelWeights(opened), on: try textChunks(opened), chunkSize: context, dataset: file,
      includesOutput: includesOutput)
  }

  func finish(
    _ measurement: ImportanceMeasurement, _ results: [[UInt8]], arguments: [String], _ report: ReportOptions
  ) throws {
    try write(measurement.matrix(joining: results), of: measurement.model, report)
  }

  private var policy: OverwritePolicy { overwrite ? .replace : .refuse }

  /// Writes the matrix and shows what it has.
  private func write(_ sums: ImportanceMatrixBuilder, of model: Model, _ report: ReportOptions) throws {
    try sums.write(to: output, container: Path.hasEnding(output, ".dat") ? .legacy : .gguf, overwrite: policy)
    let result = try ImportanceReport(ImportanceMatrix.open(output), model: model)
    try report.print(json: { result.json }, text: { result.headlines + result.gapLines })
  }

  private func textChunks(_ model: Model) throws -> [[Int]] {
    let tokenizer = try model.tokenizer()
    var text = try TokenOptions.read(file).unicodeScalars[...]
    // As llama-imatrix reads its text.
    if text.last == "\n" { text.removeLast() }
    let ids = tokenizer.encode(String(text))
    let chunks = TokenChunks(asLlamaPerplexity: ids, length: context, start: tokenizer.startToken(of: ids)).chunks
    guard !chunks.isEmpty else { throw TextTooShort(path: file, tokenCount: ids.count, chunkLength: context) }
    return Array(chunks.prefix(self.chunks ?? .max))
  }
}

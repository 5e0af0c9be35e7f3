import ArgumentParser
import Ingot

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "compare",
    abstract: "Compares several candidates with one reference by size and predictions.",
    discussion: """
      Runs the reference once and each candidate on the same tokens. The table shows what each candidate costs, and \
      which other candidate is not larger and predicts better. Without --tokens, --text and --file, a bundled text of \
      several languages and code is used. The status is 1 if a candidate is broken, exceeds --budget, or has another \
      tokenizer.

      EXAMPLES:
        # Which of these quantizations is worth its size?
        ingot compare model model-*.gguf
        # Keep the logits of the reference, so that the next candidate costs one pass.
        ingot compare model model-Q4_K_M.gguf --cache logits --file text.txt
      """)

  @Argument(help: "Reference model.", completion: .file())
  var reference: String

  @Argument(help: "Models to compare with it.", completion: .file())
  var candidates: [String]

  @OptionGroup var input: TokenOptions

  @Option(
    help: ArgumentHelp(
      "Limits for each candidate: kl, kl_p99, kl_max (nats), top1 (share), nmse, max_abs, cosine.",
      valueName: "metric=limit,…"))
  var budget: String?

  @Option(
    help: ArgumentHelp(
      "Folder with the reference's logits, read if they are there, else written.", valueName: "folder"),
    completion: .directory)
  var cache: String?

  @Flag(help: "Print the table as GitHub Markdown.")
  var markdown = false

  @Option(help: ArgumentHelp("Write an HTML report.", valueName: "file"), completion: .file())
  var report: String?

  @Flag(help: "Replace an existing report.")
  var overwrite = false

  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var options: ReportOptions

  func validate() throws {
    guard !(markdown && options.json) else { throw ValidationError("expected only one of --markdown and --json") }
  }

  func run() throws {
    let policy: OverwritePolicy = overwrite ? .replace : .refuse
    let budget = try budget.map { try Budget(parsing: $0, metrics: Budget.Metric.ofLogits) }
    let first = try model.open(reference, with: adapters)
    let others = try candidates.map { try model.open($0, .namesOnly) }
    try AtomicFile.requireWritable(
      report.map { [$0] } ?? [], overwrite: policy,
      apartFrom: ([first] + others).flatMap(\.checkpoint.storedFiles))
    let comparison = try compare(first, others, budget)
    let printing = Result {
      try options.print(
        json: { comparison.json },
        text: { markdown ? comparison.table.markdown : comparison.lines })
    }
    if let report {
      let page = ComparisonPage(
        comparison, arguments: Array(CommandLine.arguments.dropFirst()), version: ToolInfo.version)
      try AtomicFile.write(Array(page.text.utf8), to: report, overwrite: policy)
    }
    try printing.get()
    if !comparison.passes { throw FailedCheck() }
  }

  private func compare(_ first: Model, _ others: [Model], _ budget: Budget?) throws -> CandidateComparison {
    // Limits that a user gives are about predictions: other chat templates are warnings then.
    let templates: Finding.Severity = budget == nil ? .error : .warning
    let text = try input.evaluationText()
    let prompts = try others.map { other in
      guard let text else {
        return EvaluationTokens(input.tokens?.ids ?? [], reference: first, candidate: other, templates: templates)
      }
      return try input.located {
        try EvaluationTokens(text.content, reference: first, candidate: other, templates: templates)
      }
    }
    let chunks = input.chunks(of: prompts.first?.ids ?? [], start: prompts.first?.startToken)
    var settings = CandidateComparer.Options()
    settings.budget = budget
    settings.cacheFolder = cache
    settings.settings = try model.statements
    settings.text = text
    settings.threads = options.threadCount
    return try input.located {
      let comparer = try CandidateComparer(
        first, zip(others, prompts).map { ($0, $1.findings) }, tokens: chunks, options: settings)
      let progress = ProgressLine(total: comparer.layerCount, unit: "layers", isQuiet: options.quiet)
      defer { progress.finish() }
      return try comparer.run { progress.advance($0) }
    }
  }
}

extension ModelOptions {
  /// What the user states about a model, for keys of caches.
  fileprivate var statements: [String] {
    get throws {
      let mapping = try definitions.mapping.map { "mapping \(try FileDigest.sha256(InputLocation.openFile($0)))" }
      return [architecture.map { "architecture \($0)" }, mapping].compactMap { $0 }
        + appliedTransforms.map { "\($0.transform.rawValue)=\($0.isApplied)" }
    }
  }
}

extension CandidateComparison {
  /// The report as text.
  fileprivate var lines: String {
    var text = definitionList(headlines.map { ($0.name, $0.value) })
    text += "\n" + Table(table, expendable: ["bits/weight", "p99", "perplexity"]).text()
    let findings = findingTable
    if !findings.rows.isEmpty { text += "\n" + Table(findings).text() }
    return text + "\n\(frontWords)\n".wrapped + (passes ? "" : "failed".emphasized + "\n")
  }
}

extension ReportTable {
  /// The table as GitHub Markdown.
  fileprivate var markdown: String {
    Markdown.table(
      columns.map { Markdown.escaped($0.title) }, isRightAligned: columns.map(\.isRightAligned),
      rows: rows.map { $0.map(Markdown.escaped) })
  }
}

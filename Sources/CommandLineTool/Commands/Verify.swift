import ArgumentParser
import Ingot

struct Verify: MeasuringCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "verify",
    abstract: "Compares the predictions of two models on the same tokens.",
    discussion: """
      Gives two verdicts. Conversion: is the candidate what its storage formats make of the reference? Quality: what \
      did quantization cost, from lossless to broken? The status is 1 if the conversion fails, or if the quality is \
      broken. With --budget, its limits decide instead of the grade. Without --tokens, --text and --file, a bundled text \
      of several languages and code is used.

      EXAMPLES:
        # Is this conversion right, and what did it cost?
        ingot verify model model.gguf
        # How much quality does this quantization lose?
        ingot verify model model-Q4_K_M.gguf --file text.txt --report report.html
      """)

  @Argument(help: "Reference model.", completion: .file())
  var reference: String

  @Argument(help: "Model to verify.", completion: .file())
  var candidate: String

  @OptionGroup var input: TokenOptions

  @Option(
    help: ArgumentHelp(
      "Limits: kl, kl_p99, kl_max (nats), top1 (share), nmse, max_abs, cosine.", valueName: "metric=limit,…"),
    completion: .list(["auto"]))
  var budget: String?

  @Flag(help: "Show the error of every layer and the first that diverges.")
  var layers = false

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Compare the weights, as diff --budget auto does. (default: unless --budget is given)", visibility: .default))
  var weights: Bool?

  @Option(help: ArgumentHelp("Write an HTML report.", valueName: "file"), completion: .file())
  var report: String?

  @Option(
    help: ArgumentHelp("Write an in-toto attestation, which ingot certify checks.", valueName: "file"),
    completion: .file())
  var certificate: String?

  @Option(
    help: ArgumentHelp(
      "Receipt of the conversion, for the certificate.", valueName: "file"), completion: .file())
  var receipt: String?

  @Flag(help: "Replace an existing report and certificate.")
  var overwrite = false

  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var options: ReportOptions

  func validate() throws {
    guard receipt == nil || certificate != nil else { throw ValidationError("--receipt needs --certificate") }
  }

  func run() throws {
    try finish(
      prepare(writes: true), measured: nil, arguments: Array(CommandLine.arguments.dropFirst()), options)
  }

  func open(writes: Bool) throws -> Shared { try Shared(prepare(writes: writes)) }

  func finish(_ measurement: Shared, _ results: [[UInt8]], arguments: [String], _ report: ReportOptions) throws {
    try finish(measurement.subject, measured: MeasuredChunks(results), arguments: arguments, report)
  }

  /// What is verified, and on which tokens.
  struct Subject: Sendable {
    let reference: Model, candidate: Model
    let budget: Budget?
    let text: EvaluationText?
    let prompt: EvaluationTokens
    let chunks: TokenChunks
    let receipt: JSON?
  }

  /// The measurement, with what is judged by it.
  struct Shared: SharedMeasurement {
    static let itemName = LogitMeasurement.itemName

    let subject: Subject
    private let measurement: LogitMeasurement

    init(_ subject: Subject) throws {
      self.subject = subject
      measurement = try LogitMeasurement(subject.reference, subject.candidate, tokens: subject.chunks)
    }

    var itemCount: Int { measurement.itemCount }
    var facts: JSON.Object { measurement.facts }

    func measure(_ items: Range<Int>, threads: Int, progress: (Int) -> Void) throws -> [UInt8] {
      try measurement.measure(items, threads: threads, progress: progress)
    }
  }

  private var policy: OverwritePolicy { overwrite ? .replace : .refuse }

  /// Opens the models and encodes the text.
  ///
  /// - Parameter writes: whether reports are written, so that it must be possible.
  private func prepare(writes: Bool) throws -> Subject {
    let budget = try budget.map { try Budget(parsing: $0, metrics: Budget.Metric.ofLogits) }
    let first = try model.open(reference, with: adapters)
    let second = try model.open(candidate, .namesOnly)
    if writes {
      try AtomicFile.requireWritable(
        [report, certificate].compactMap { $0 }, overwrite: policy,
        apartFrom: first.checkpoint.storedFiles + second.checkpoint.storedFiles)
    }
    let receipt = try receiptJSON(of: second)
    // Limits that a user gives are about predictions: other chat templates are warnings then.
    let templates: Finding.Severity = budget == nil ? .error : .warning
    let text = try input.evaluationText()
    let prompt =
      if let text {
        try input.located {
          try EvaluationTokens(text.content, reference: first, candidate: second, templates: templates)
        }
      } else {
        EvaluationTokens(input.tokens?.ids ?? [], reference: first, candidate: second, templates: templates)
      }
    return Subject(
      reference: first, candidate: second, budget: budget, text: text, prompt: prompt,
      chunks: input.chunks(of: prompt.ids, start: prompt.startToken), receipt: receipt)
  }

  /// Verifies and writes what was asked for.
  ///
  /// - Parameters:
  ///   - measured: what parts of the text gave; nil to run the models.
  ///   - arguments: those of a single run.
  private func finish(
    _ subject: Subject, measured: MeasuredChunks?, arguments: [String], _ options: ReportOptions
  ) throws {
    let verification = try verify(subject, measured, options)
    // The figures are printed first, so that they are not lost if a file cannot be written after all; the files are
    // written even if nobody reads the figures.
    let printing = Result {
      try options.print(
        json: { verification.json }, text: { verification.text(showsLayers: layers, listsAll: options.verbose) })
    }
    if let report {
      let page = HTMLReport(verification, arguments: arguments, version: ToolInfo.version)
      try AtomicFile.write(Array(page.text.utf8), to: report, overwrite: policy)
    }
    if let certificate { try writeCertificate(of: verification, subject.receipt, to: certificate, options) }
    try printing.get()
    if !verification.passes { throw FailedCheck() }
  }

  /// The receipt, if its outputs can be files of the candidate.
  private func receiptJSON(of candidate: Model) throws -> JSON? {
    guard let receipt else { return nil }
    let json = try JSON(InputLocation.openFile(receipt), limit: 1 << 30)
    do throws(CertificateError) {
      try Certificate.requireSizes(in: json, of: candidate)
    } catch {
      throw LocatedError(path: receipt, reason: error)
    }
    return json
  }

  private func writeCertificate(
    of verification: ModelVerification, _ receiptJSON: JSON?, to path: String, _ options: ReportOptions
  ) throws {
    let progress = ProgressLine(totalByteCount: nil, isQuiet: options.quiet)
    defer { progress.finish() }
    do {
      let certificate = try Certificate(
        verification, receipt: receiptJSON, version: ToolInfo.version, threads: options.threadCount
      ) { progress.advance($0) }
      try AtomicFile.write(certificate.statement.encoded(.indented), to: path, overwrite: policy)
    } catch let error as CertificateError {
      throw LocatedError(path: receipt ?? path, reason: error)
    }
  }

  private func verify(
    _ subject: Subject, _ measured: MeasuredChunks?, _ options: ReportOptions
  ) throws -> ModelVerification {
    let layerCount = ["layer_count", "decoder_layer_count"].reduce(0) {
      $0 + (subject.reference.hyperparameters.integer($1) ?? 0)
    }
    let progress = ProgressLine(
      total: layerCount * subject.chunks.chunks.count, unit: "layers", isQuiet: options.quiet || measured != nil)
    defer { progress.finish() }
    var settings = ModelVerification.Options()
    settings.logits.budget = subject.budget
    settings.logits.text = subject.text
    settings.logits.measured = measured
    settings.logits.threads = options.threadCount
    settings.logits.progress = { progress.advance($0) }
    settings.weights =
      (weights ?? (subject.budget == nil)) ? .judged : report != nil ? .compared : .ignored
    return try input.located {
      try ModelVerification.verify(
        subject.reference, subject.candidate, tokens: subject.chunks, findings: subject.prompt.findings,
        options: settings)
    }
  }
}

extension ModelVerification {
  /// The report as text.
  func text(showsLayers: Bool, listsAll: Bool = false) -> String {
    var text = definitionList(headlines)
    if showsLayers { text += "\n" + Table(logits.layerTable).text() }
    if !findings.isEmpty { text += "\n" + findings.text(listsAll: listsAll) }
    text += "\n" + definitionList([("conversion", conversionWords.escapedForDisplay), ("quality", qualityWords)])
    return text + "\n" + (passes ? "passed" : "failed").asVerdict + "\n"
  }

  /// The models and the figures.
  var headlines: [(String, String)] {
    let first = DiffSide(logits.reference), second = DiffSide(logits.candidate)
    return [
      ("reference", "\(first.path.escapedForDisplay) (\(first.words))"),
      ("candidate", "\(second.path.escapedForDisplay) (\(second.words))"),
    ] + figures.map { ($0.name, $0.value) }
  }
}

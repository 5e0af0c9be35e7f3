import ArgumentParser
import Ingot
import SystemPackage

/// The options of running a conversion.
struct ExecutionOptions: ParsableArguments {
  @Flag(name: .customLong("allow-requantize"), help: "Allow quantizing tensors that are already quantized.")
  var allowsRequantizing = false

  @Flag(
    name: .customLong("keep-exact"),
    help: "Keep the values of tensors that a format holds exactly, such as those of AWQ; the type applies to the rest.")
  var keepsExactTensors = false

  @Flag(
    name: .customLong("no-fallback"),
    help: "Fail if a row is not a whole number of blocks, instead of falling back to another format.")
  var refusesFallback = false

  @Flag(
    name: .customLong("reference-bytes"),
    help: "Write the bytes of llama.cpp's converter, even if llama.cpp rejects them.")
  var writesReferenceBytes = false

  @Flag(name: .customLong("dry-run"), help: "Print the plan and write nothing.")
  var isDryRun = false

  @Flag(help: "Reopen the output and compare it with the source, as diff --budget auto does.")
  var verify = false

  @Option(
    help: ArgumentHelp(
      "Error limits for every tensor: nmse, max_abs, rmse, cosine, or auto for the format's defaults. If exceeded, "
        + "nothing is written and the status is 1.", valueName: "metric=limit,…"), completion: .list(["auto"]))
  var budget: String?

  @Flag(help: "Print a histogram of absolute errors.")
  var histogram = false

  @Flag(help: "Keep what is done when the run is stopped, and continue it with the same command.")
  var resume = false

  @Flag(
    name: .customLong("consume-shards"),
    help: "With --resume: delete each file of the source when all that is made of it is on the disk and was read back.")
  var consumesShards = false

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @Option(
    name: .customLong("compression-level"),
    parsing: .unconditional,
    help: ArgumentHelp("Level of zstd for an output that ends in .zst, 1 to 22.", valueName: "level"))
  var compressionLevel = SeekableZstdWriter.defaultLevel

  @Option(
    help: ArgumentHelp("Write options, digests and every tensor's rule and error as JSON.", valueName: "file"),
    completion: .file())
  var receipt: String?

  /// Sets the members of `request` that these options decide.
  func apply(to request: inout ConversionRequest) throws {
    _ = try errorBudget
    guard SeekableZstdWriter.levels.contains(compressionLevel) else {
      throw ValidationError("--compression-level: \(compressionLevel) is not a level of zstd, expected 1 to 22")
    }
    request.compressionLevel = compressionLevel
    request.overwrite = overwrite ? .replace : .refuse
    request.requantization = allowsRequantizing ? .allow : .refuse
    request.exactTensors = keepsExactTensors ? .keep : .follow
    request.fallback = refusesFallback ? .refuse : .allow
    request.departures = writesReferenceBytes ? .omit : .apply
    request.missingImatrix = isDryRun ? .warn : .fail
  }

  /// The source that `--verify` compares the output with.
  enum ComparedSource {
    /// Opened again by its path.
    case reopened
    /// As it was opened for the conversion, because its path does not say all.
    case opened
  }

  /// Plans, and does what the plan says, or prints it; `model` says how its source was read.
  func run(
    _ planning: @autoclosure () throws -> ConversionPlan, to destination: String, _ model: ModelOptions,
    adapters: [String] = [], _ report: ReportOptions, source: ComparedSource = .reopened
  ) throws {
    if consumesShards { try requireConsumable(isPlain: source == .reopened && adapters.isEmpty) }
    if isDryRun {
      var plan = try planning()
      if consumesShards { plan.consumption = try SourceConsumption(plan) }
      return try report.print(
        json: { plan.json }, text: { plan.text(title: "would write", listsAll: report.verbose) + plan.tensorTable })
    }
    guard resume else {
      return try carryOut(planning(), by: .whole, model, adapters: adapters, report, source: source)
    }
    let parts = try ConversionParts(resuming: destination, consumesSource: consumesShards, planning: planning)
    Interrupts.say(atEnd: "ingot: stopped; the same command continues where this run was")
    defer { Interrupts.say(atEnd: nil) }
    try carryOut(parts.plan, by: .resumed(parts), model, adapters: adapters, report, source: source)
  }

  /// Throws unless the files of the source may be deleted.
  ///
  /// - Parameter isPlain: whether nothing but them makes the output.
  private func requireConsumable(isPlain: Bool) throws {
    guard resume || isDryRun else {
      throw ValidationError(
        "--consume-shards needs --resume (without it, a run that is stopped could not be continued)")
    }
    guard isPlain else {
      throw ValidationError("--consume-shards converts one model as it is stored (leave it out)")
    }
    for (option, isGiven) in [("--verify", verify), ("--budget", budget != nil)] where isGiven {
      throw ValidationError(
        "\(option) judges the output when all is made, but --consume-shards has deleted the source then")
    }
  }

  /// Does what `plan` says; `model` says how its source was read.
  ///
  /// - Parameter arguments: the command, as receipts record it; nil for that of this run.
  func carryOut(
    _ plan: ConversionPlan, by way: ConversionJob.Execution, arguments: [String]? = nil, _ model: ModelOptions,
    adapters: [String] = [], _ report: ReportOptions, source: ComparedSource = .reopened
  ) throws {
    var job = try self.job(plan, report)
    job.execution = way
    job.arguments = arguments ?? job.arguments
    let progress = ProgressLine(totalByteCount: plan.byteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    do {
      let outcome = try job.run(
        progress: { progress.advance($0) }, written: { progress.finish() },
        check: verify ? { try compare($0, with: plan, model, adapters, report, source) } : nil)
      let summary = ConversionSummary(
        plan: plan, errors: outcome.errors, seconds: progress.seconds, listsAll: report.verbose)
      try report.print(
        json: { summary.json(verification: outcome.check) },
        text: { summary.text + (outcome.check.map { "\n" + $0.text(lists: .none) } ?? "") })
      if outcome.check?.passes == false { throw FailedCheck() }
    } catch let error as BudgetExceeded {
      progress.finish()
      let summary = ConversionSummary(
        plan: plan, errors: error.summary, seconds: progress.seconds, isWritten: false,
        listsAll: report.verbose)
      try report.print(json: { summary.json(verification: nil) }, text: { summary.text })
      throw error
    }
  }

  /// The job of carrying out `plan`.
  func job(_ plan: ConversionPlan, _ report: ReportOptions) throws -> ConversionJob {
    var job = ConversionJob(plan)
    job.budget = try errorBudget
    job.detail = detail
    job.receiptPath = receipt
    // The receipt of a run that was continued is that of one that was not stopped.
    job.arguments = CommandLine.arguments.dropFirst().filter { $0 != "--resume" && $0 != "--consume-shards" }
    job.threads = report.threadCount
    return job
  }

  /// Which errors of encoding are recorded.
  var detail: EncodingReport.Detail { histogram ? .histogram : .sums }

  private var errorBudget: EncodingBudget? {
    get throws {
      switch budget {
      case nil: nil
      case "auto": .byFormat
      case let text?: .budget(try Budget(parsing: text, metrics: Budget.Metric.ofTensors))
      }
    }
  }

  func compare(
    _ output: String, with plan: ConversionPlan, _ model: ModelOptions, _ adapters: [String], _ report: ReportOptions,
    _ source: ComparedSource
  ) throws -> CheckpointDiff {
    var options = CheckpointDiff.Options()
    options.budget = .byFormat
    if source == .opened { return try Diff.compare(DiffSide(plan.source), output, model, report, options) }
    return try Diff.compare(
      plan.source.checkpoint.path, output, model, adapters: adapters, report, options,
      appliedTransforms: plan.source.appliedTransforms.choice)
  }
}

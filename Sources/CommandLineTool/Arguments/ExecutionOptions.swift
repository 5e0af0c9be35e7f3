import ArgumentParser
import Ingot
import SystemPackage

/// How a conversion is carried out, whatever it is asked to do.
struct ExecutionOptions: ParsableArguments {
  @Flag(name: .customLong("allow-requantize"), help: "Allow quantizing tensors that are already quantized.")
  var allowsRequantizing = false

  @Flag(
    name: .customLong("no-fallback"),
    help: "Fail if a row is not a whole number of blocks, instead of falling back to another format.")
  var refusesFallback = false

  @Flag(name: .customLong("dry-run"), help: "Print the plan and write nothing.")
  var isDryRun = false

  @Flag(help: "Reopen the output and compare it with the source, as diff --budget auto does.")
  var verify = false

  @Option(
    help: ArgumentHelp(
      "Error limits for every tensor: nmse, max_abs, rmse, cosine, or auto for the format's defaults. If exceeded, "
        + "nothing is written and the status is 1.", valueName: "metric=limit,…"))
  var budget: String?

  @Flag(help: "Print a histogram of absolute errors.")
  var histogram = false

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @Option(help: ArgumentHelp("Write options, digests and every tensor's rule and error as JSON.", valueName: "file"))
  var receipt: String?

  /// Puts what concerns the plan into `request`.
  func apply(to request: inout ConversionRequest) throws {
    _ = try tolerance
    request.overwrite = policy
    request.allowsRequantizing = allowsRequantizing
    request.allowsFallback = !refusesFallback
    request.allowsMissingImportance = isDryRun
  }

  /// Carries out `plan`, or prints it; `model` says how its source was read.
  func run(
    _ plan: ConversionPlan, _ model: ModelOptions, adapters: [String] = [], _ report: ReportOptions
  ) throws {
    if isDryRun {
      try report.print(json: { plan.json }, text: { plan.text(title: "would write") + plan.tensorTable })
      return
    }
    if let receipt {
      try plan.requireSeparate(receipt)
      try AtomicFile.requireFree(receipt, overwrite: policy)
      let folder = Path.folder(of: receipt)
      // The folder may be the one that the conversion is going to make.
      guard
        OutputFolder(folder).exists
          || folder == Path.folder(of: Path.join(plan.destination, "receipt"))
      else { throw FileError.cannotCreate(path: receipt, errno: .noSuchFileOrDirectory) }
    }
    let progress = ProgressLine(totalByteCount: plan.byteCount, isQuiet: report.quiet)
    let outcomes = try execute(plan, report, progress)
    let summary = ConversionSummary(
      plan: plan, errors: ErrorSummary(outcomes, tolerance: try tolerance), seconds: progress.seconds)
    let record = Receipt(
      plan: plan, errors: summary.errors, options: Array(CommandLine.arguments.dropFirst()), version: ToolInfo.version)
    if let receipt {
      let json = try record.json(threads: report.threadCount)
      try AtomicFile.write(json.encoded(.indented), to: receipt, overwrite: policy)
    }
    let diff = verify ? try compareWithSource(plan, model, adapters, report) : nil
    try report.print(
      json: { summary.json(verification: diff) },
      text: { summary.text + (diff.map { "\n" + $0.text(lists: .none) } ?? "") })
    if diff?.passes == false { throw FailedCheck() }
  }

  /// Carries out `plan`; prints what the errors are if they are beyond the budget.
  private func execute(
    _ plan: ConversionPlan, _ report: ReportOptions, _ progress: ProgressLine
  ) throws -> [TensorOutcome] {
    defer { progress.finish() }
    let tolerance = try tolerance
    do {
      return try Executor.run(
        plan, threads: report.threadCount, detail: histogram ? .histogram : .sums,
        acceptance: { try ErrorSummary($0, tolerance: tolerance).requireAcceptable(for: plan.destination) },
        progress: { progress.advance($0) })
    } catch let error as BudgetExceeded {
      progress.finish()
      let summary = ConversionSummary(
        plan: plan, errors: error.summary, seconds: progress.seconds, isWritten: false)
      try report.print(json: { summary.json(verification: nil) }, text: { summary.text })
      throw error
    }
  }

  private var tolerance: EncodingBudget? {
    get throws {
      switch budget {
      case nil: nil
      case "auto": .byFormat
      case let text?: .budget(try Budget(parsing: text, metrics: Budget.Metric.ofTensors))
      }
    }
  }

  private func compareWithSource(
    _ plan: ConversionPlan, _ model: ModelOptions, _ adapters: [String], _ report: ReportOptions
  ) throws -> CheckpointDiff {
    var options = CheckpointDiff.Options()
    options.budget = .byFormat
    return try Diff.compare(
      plan.source.checkpoint.path, plan.openablePath, model, adapters: adapters, report, options,
      appliedTransforms: plan.source.appliedTransforms.choice)
  }

  private var policy: OverwritePolicy { overwrite ? .replace : .refuse }
}

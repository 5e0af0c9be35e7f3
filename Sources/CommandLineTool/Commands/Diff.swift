import ArgumentParser
import Ingot

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares two checkpoints tensor by tensor, across containers, names and storage formats.",
    discussion: """
      Matches tensors by role and layer and compares them in Hugging Face's layout. Hyperparameters, tokenizers and \
      special tokens are compared as well. The status is 1 if anything differs beyond the budget or could not be \
      compared.

      EXAMPLES:
        # Is the renamed model the same?
        ingot diff model renamed
        # Has every quantized tensor the error of its format?
        ingot diff model model-Q8_0.gguf --budget auto
      """)

  @Argument(help: "Reference model.", completion: .file())
  var reference: String

  @Argument(help: "Checkpoint to compare with it.", completion: .file())
  var candidate: String

  @Option(
    help: ArgumentHelp(
      "Allowed errors: nmse, max_abs, rmse, cosine, or auto for the candidate's formats. (default: none)",
      valueName: "metric=limit,…"), completion: .list(["auto"]))
  var budget: String?

  @Option(help: ArgumentHelp("Compare only tensors whose slot or name matches.", valueName: "glob"))
  var filter: String?

  @Flag(help: "Also list equal tensors, and all hyperparameters with the keys they come from.")
  var all = false

  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    var options = CheckpointDiff.Options()
    options.budget = try diffBudget
    if let filter {
      let glob = Glob(filter)
      options.selection = .matching { glob.matches($0) }
    }
    let diff = try Self.compare(reference, candidate, model, adapters: adapters.paths, report, options)
    try report.print(
      json: { diff.json }, text: { diff.text(lists: all ? .allTensors : .unequalTensors, listsAll: report.verbose) })
    if !diff.passes { throw FailedCheck() }
  }

  private var diffBudget: CheckpointDiff.DiffBudget {
    get throws {
      switch budget {
      case nil: .none
      case "auto": .byFormat
      case let text?: .budget(try Budget(parsing: text, metrics: Budget.Metric.ofTensors))
      }
    }
  }

  /// Compares with a progress line; `appliedTransforms` is that of the reference, if it is known.
  static func compare(
    _ reference: String, _ candidate: String, _ model: ModelOptions, adapters: [String],
    _ report: ReportOptions, _ options: CheckpointDiff.Options, appliedTransforms: TransformDetection? = nil
  ) throws -> CheckpointDiff {
    let library = try model.definitions.library
    let first = try DiffSide.open(
      reference, library: library, architecture: model.architecture, adapters: adapters,
      appliedTransforms: appliedTransforms ?? model.namedTransforms)
    return try compare(first, candidate, model, report, options)
  }

  /// Compares an opened reference with a progress line.
  static func compare(
    _ first: DiffSide, _ candidate: String, _ model: ModelOptions, _ report: ReportOptions,
    _ options: CheckpointDiff.Options
  ) throws -> CheckpointDiff {
    let second = try DiffSide.open(
      candidate, library: try model.definitions.library, architecture: model.architecture)
    let progress = ProgressLine(totalByteCount: first.checkpoint.tensorByteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    var options = options
    options.threads = report.threadCount
    options.progress = { progress.advance($0) }
    return try CheckpointDiff.compare(first, second, options: options)
  }
}

extension CheckpointDiff {
  /// The tensors that the text lists; all are counted.
  enum Listing {
    case none
    case unequalTensors
    case allTensors
  }

  /// The report as text.
  ///
  /// - Parameter listsAll: whether all findings are listed, not the first few.
  func text(lists listing: Listing, listsAll: Bool = false) -> String {
    var text = definitionList([
      ("reference", "\(reference.path.escapedForDisplay) (\(reference.words))"),
      ("candidate", "\(candidate.path.escapedForDisplay) (\(candidate.words))"),
    ])
    let rows = zip(tensors, table.rows).filter { listing.includes($0.0.outcome) }.map(\.1)
    if !rows.isEmpty {
      text +=
        "\n" + Table(ReportTable(columns: table.columns, rows: rows), expendable: ["RMSE", "max abs", "shape"]).text()
    }
    if listing.showsHyperparameters, !hyperparameters.isEmpty { text += "\n" + Table(hyperparameterTable).text() }
    if !findings.isEmpty { text += "\n" + findings.text(listsAll: listsAll) }
    let outcomes = tensors.isEmpty ? "" : ": \(summary)"
    return text + "\n" + "\(coverage)\(outcomes)\n".wrapped + (passes ? "passed" : "failed").asVerdict + "\n"
  }
}

extension CheckpointDiff.Listing {
  /// Hyperparameters are listed with all tensors, and after a conversion.
  fileprivate var showsHyperparameters: Bool { self != .unequalTensors }

  fileprivate func includes(_ outcome: TensorComparison.Outcome) -> Bool {
    switch (self, outcome) {
    case (.none, _): false
    case (.unequalTensors, .equalBytes), (.unequalTensors, .equalValues): false
    case (.unequalTensors, _), (.allTensors, _): true
    }
  }
}

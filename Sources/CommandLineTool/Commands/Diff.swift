import ArgumentParser
import Ingot

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "diff",
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
        # The twenty tensors that differ most.
        ingot diff model model-Q4_K_M.gguf --top 20
        # The error of each layer.
        ingot diff model model-Q4_K_M.gguf --by layer
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

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("List only the tensors that differ most, by NMSE.", valueName: "count"))
  var top: Int?

  @Option(
    help: ArgumentHelp(
      "Add up the tensors of each layer or kind instead of listing them. (values: layer, kind)", valueName: "group"))
  var by: TensorComparisonGroup.Kind?

  @Flag(help: "Show the lines that differ in config.json, generation_config.json, GGUF metadata and chat templates.")
  var texts = false

  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  mutating func validate() throws {
    if let top, top < 1 { throw ValidationError("--top is \(top), expected 1 or more") }
    if [top != nil, by != nil, all].count(where: { $0 }) > 1 {
      throw ValidationError("expected only one of --top, --by and --all")
    }
  }

  func run() throws {
    var options = CheckpointDiff.Options()
    options.budget = try diffBudget
    if let filter {
      let glob = Glob(filter)
      options.selection = .matching { glob.matches($0) }
    }
    let diff = try Self.compare(reference, candidate, model, adapters: adapters.paths, report, options)
    let texts = try texts ? diff.textDifferences() : nil
    try report.print(
      json: { diff.json(by: by, texts: texts) },
      text: { diff.text(lists: listing, texts: texts ?? [], listsAll: report.verbose) })
    if !diff.passes { throw FailedCheck() }
  }

  private var listing: CheckpointDiff.Listing {
    if let by { return .groups(by) }
    if let top { return .worst(top) }
    return all ? .allTensors : .unequalTensors
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
    /// So many of those that differ most.
    case worst(Int)
    /// A line for each group.
    case groups(TensorComparisonGroup.Kind)
  }

  /// The report as text.
  ///
  /// - Parameter listsAll: whether all findings are listed, not the first few.
  func text(lists listing: Listing, texts: [TextDifference] = [], listsAll: Bool = false) -> String {
    var text = definitionList([
      ("reference", "\(reference.path.escapedForDisplay) (\(reference.words))"),
      ("candidate", "\(candidate.path.escapedForDisplay) (\(candidate.words))"),
    ])
    let listed = tensorTable(listing)
    if !listed.rows.isEmpty { text += "\n" + Table(listed, expendable: ["RMSE", "max abs", "shape", "equal"]).text() }
    for difference in texts { text += "\n" + difference.text }
    if listing.showsHyperparameters, !hyperparameters.isEmpty { text += "\n" + Table(hyperparameterTable).text() }
    if !findings.isEmpty { text += "\n" + findings.text(listsAll: listsAll) }
    let outcomes = tensors.isEmpty ? "" : ": \(summary)"
    return text + "\n" + "\(coverage)\(outcomes)\n".wrapped + (passes ? "passed" : "failed").asVerdict + "\n"
  }
}

extension CheckpointDiff {
  fileprivate func tensorTable(_ listing: Listing) -> ReportTable {
    switch listing {
    case .groups(let kind): table(of: groups(by: kind), by: kind)
    case .worst(let count): table(of: worstTensors(count))
    case .none, .unequalTensors, .allTensors: table(of: tensors.filter { listing.includes($0.outcome) })
    }
  }
}

extension TextDifference {
  /// The lines in the form of `diff -u`, safe to print.
  fileprivate var text: String {
    let heading = "--- reference \(subject)\n+++ candidate \(subject)\n"
    return heading + lines.map { $0.escapedForDisplay + "\n" }.joined()
  }
}

extension CheckpointDiff.Listing {
  /// Hyperparameters are listed with all tensors, and after a conversion.
  fileprivate var showsHyperparameters: Bool {
    switch self {
    case .none, .allTensors: true
    case .unequalTensors, .worst, .groups: false
    }
  }

  fileprivate func includes(_ outcome: TensorComparison.Outcome) -> Bool {
    switch (self, outcome) {
    case (.none, _): false
    case (.unequalTensors, .equalBytes), (.unequalTensors, .equalValues): false
    case (.unequalTensors, _), (.allTensors, _): true
    case (.worst, _), (.groups, _): false
    }
  }
}

extension TensorComparisonGroup.Kind: ExpressibleByArgument {}

import ArgumentParser
import Ingot

struct Imatrix: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "imatrix",
    abstract: "Measures an importance matrix, or shows one.",
    discussion: """
      EXAMPLES:
        # Measure on a text.
        ingot imatrix model --file text.txt -o imatrix.gguf
        # Does it fit this model?
        ingot imatrix show imatrix.gguf model.gguf
      """,
    subcommands: [ImatrixMeasure.self, ImatrixShow.self], defaultSubcommand: ImatrixMeasure.self)
}

struct ImatrixShow: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "show",
    abstract: "Shows the entries of an importance matrix.",
    discussion: """
      With a model, the status is 1 if a matrix has no entry or an entry of another size.

      EXAMPLES:
        # The entries.
        ingot imatrix show imatrix.gguf
        # Does it fit this model?
        ingot imatrix show imatrix.gguf model.gguf
      """)

  @Argument(help: "Importance matrix, GGUF or .dat.", completion: .file())
  var path: String

  @Argument(help: ArgumentHelp("Model to compare with.", valueName: "model"), completion: .file())
  var modelPath: String?

  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    let matrix = try ImportanceMatrix.open(path)
    let opened = try modelPath.map {
      try Model.openByName(
        $0, library: try model.definitions.library, architecture: model.architecture,
        appliedTransforms: model.namedTransforms)
    }
    let result = try ImportanceReport(matrix, model: opened)
    try report.print(json: { result.json }, text: { result.text })
    if !result.fits { throw FailedCheck() }
  }
}

extension ImportanceReport {
  fileprivate var text: String { headlines + "\n" + table + (gapLines.isEmpty ? "" : "\n" + gapLines) }

  /// The matrix as a whole.
  var headlines: String {
    var pairs = [("importance matrix", "\(matrix.path.escapedForDisplay) (\(matrix.container.rawValue))")]
    for dataset in matrix.datasets { pairs.append(("measured on", dataset.description.escapedForDisplay)) }
    if let count = matrix.chunkCount {
      let size = matrix.chunkSize.map { " of \(counted($0, "token"))" } ?? ""
      pairs.append(("chunks", count.grouped + size))
    }
    if let model {
      pairs.append(("model", model.escapedForDisplay))
      let share = "\(coverage.coveredCount.grouped) of \(coverage.matrixCount.grouped)"
      pairs.append(("covers", "\(share) matrices of its layers"))
    }
    return definitionList(pairs)
  }

  /// The first gaps, a line each.
  var gapLines: String {
    coverage.gaps.map(\.description).limited("gap", listsAll: false, remedy: "--json lists all")
      .map { $0 + "\n" }.joined()
  }

  private var table: String {
    var table = Table([
      "entry": .left, "columns": .right, "experts": .right, "unused": .right,
      matrix.container.countUnit: .right, "mean": .right, "greatest": .right,
    ])
    for item in entries {
      let entry = item.entry
      table.append(
        entry.name.text.escapedForDisplay, (entry.valueCount / entry.counts.count).grouped,
        entry.counts.count.grouped, entry.unusedExperts.count.grouped, (entry.counts.max() ?? 0).grouped,
        item.mean.scientific, Double(item.greatest).scientific)
    }
    return table.text()
  }
}

import ArgumentParser
import Ingot

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows the contents of a checkpoint.",
    discussion: """
      Only headers are read, unless --stats is given.

      EXAMPLES:
        # Architecture, hyperparameters, formats and metadata.
        ingot inspect model.gguf --no-tensors
        # Statistics of the tensors of layer 0.
        ingot inspect model --stats --filter "*.layers.0.*"
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.", completion: .file())
  var path: String

  @Flag(inversion: .prefixedNo, help: "List the tensors.")
  var tensors = true

  @Option(help: ArgumentHelp("List only tensors whose name matches (* any characters, ? one).", valueName: "glob"))
  var filter: String?

  @Option(
    help: ArgumentHelp("Print one metadata value whole and nothing else.", valueName: "key"), completion: .metadataKeys)
  var metadata: String?

  @Flag(name: .customLong("stats"), help: "Read the data: minimum, maximum, mean, deviation, NaN, infinities, zeros.")
  var statistics = false

  @OptionGroup var report: ReportOptions

  func run() throws {
    if let metadata {
      try printMetadata(metadata, of: try Checkpoint.open(path))
      return
    }
    var facts = try CheckpointReport(
      path: path, library: .bundled(), filter: filter.map { Glob($0) },
      appliedTransforms: statistics ? .detectFromValues : .namesOnly)
    if let filter, facts.tensors.isEmpty, !facts.checkpoint.stored.isEmpty {
      throw NoTensorMatches(
        path: path, filter: filter, isPartOfNames: facts.checkpoint.stored.contains { $0.name.text.contains(filter) })
    }
    if statistics {
      let progress = ProgressLine(totalByteCount: facts.tensorByteCount, isQuiet: report.quiet)
      defer { progress.finish() }
      try facts.measure(threads: report.threadCount) { progress.advance($0) }
    }
    try report.print(
      json: { facts.json(tensors: tensors ? .list : .omit) },
      text: { facts.text(tensors: tensors ? .list : .omit, listsAllProblems: report.verbose) })
  }

  private func printMetadata(_ key: String, of checkpoint: Checkpoint) throws {
    guard let value = checkpoint.metadata[key] else {
      throw MissingMetadata(path: path, key: key, known: checkpoint.metadata.pairs.map(\.key.text))
    }
    try report.print(json: { value.plainJSON }, text: { value.wholeText })
  }
}

/// A key that was asked for is not there.
struct MissingMetadata: IngotError {
  let path: String
  let key: String
  /// The keys that are there.
  let known: [String]
  var category: ErrorCategory { .input }
  var description: String { "\(path.escapedForDisplay): has no metadata \(key.quoted)\(hint)" }

  /// The nearest key, or a few that contain the word.
  private var hint: String {
    if let nearest = key.nearest(among: known) { return " (did you mean \(nearest.quoted)?)" }
    let containing = key.isEmpty ? [] : known.filter { $0.lowercased().contains(key.lowercased()) }
    guard !containing.isEmpty else { return known.isEmpty ? "" : " (ingot inspect --no-tensors lists all)" }
    let rest = containing.count - Self.shownCount
    return " (\(containing.prefix(Self.shownCount).map(\.quoted).joined(separator: ", "))"
      + (rest > 0 ? " and \(rest.grouped) more contain it)" : ")")
  }

  private static let shownCount = 3
}

/// A filter that no tensor's name matches.
struct NoTensorMatches: IngotError {
  let path: String
  let filter: String
  /// Whether names contain the text of the filter.
  let isPartOfNames: Bool
  var category: ErrorCategory { .usage }
  var description: String {
    "\(path.escapedForDisplay): no tensor matches the filter \(filter.quoted)"
      + (isPartOfNames ? " (names contain it: pass \("*\(filter)*".quoted))" : "")
  }
}

import ArgumentParser
import Ingot

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "inspect",
    abstract: "Shows the contents of checkpoints.",
    discussion: """
      The first lines are the size, context, special tokens, chat template and memory of the model. The memory is that of \
      llama.cpp for the weights as stored and one sequence with an F16 key-value cache, without compute buffers. Only \
      headers are read, unless --stats is given.

      EXAMPLES:
        # Architecture, context, tokens, memory, formats and metadata.
        ingot inspect model.gguf --no-tensors
        # The headers of a model on the hub, without a download.
        ingot inspect hf:org/repo
        # The largest kinds of tensors.
        ingot inspect model.gguf --by kind --sort size
        # All keys of special tokens.
        ingot inspect model.gguf --metadata "*token_id"
      """)

  @Argument(help: "Model folders, safetensors or GGUF files, shards, indices, or addresses.", completion: .file())
  var paths: [String]

  @Flag(inversion: .prefixedNo, help: "List the tensors.")
  var tensors = true

  @Option(help: ArgumentHelp("List only tensors whose name matches (* any characters, ? one).", valueName: "glob"))
  var filter: String?

  @Option(
    help: ArgumentHelp(
      "Add up the tensors of each layer or kind instead of listing them. (values: layer, kind)", valueName: "group"))
  var by: TensorGroup.Kind?

  @Option(
    help: ArgumentHelp(
      "Order of the list. (values: name, size, elements, type, shape; default: as in the file, layers by number)",
      valueName: "order"))
  var sort: TensorOrder?

  @Option(
    help: ArgumentHelp(
      "Print one metadata value whole, or those whose keys match, and nothing else.", valueName: "key|glob"),
    completion: .metadataKeys)
  var metadata: String?

  @Flag(name: .customLong("stats"), help: "Read the data: minimum, maximum, mean, deviation, NaN, infinities, zeros.")
  var statistics = false

  @OptionGroup var report: ReportOptions

  mutating func validate() throws {
    if statistics, by != nil { throw ValidationError("--stats measures tensors, and --by lists none (omit one)") }
  }

  func run() throws {
    if let metadata {
      return try MetadataListing(key: metadata).print(paths, report)
    }
    var reports: [CheckpointReport] = [], problems: [any IngotError] = []
    for path in paths {
      do {
        reports.append(try self.report(path))
      } catch let error as any IngotError where paths.count > 1 && error.category == .input {
        problems.append(error)
      }
    }
    let listing: CheckpointReport.Tensors = tensors && by == nil ? .list : .omit
    try report.print {
      let documents = reports.map { $0.json(tensors: listing, by: by, in: sort) }
      guard paths.count > 1 else { return documents.first ?? .null }
      return .members(["schema": .string("ingot.inspect-list/1"), "reports": .array(documents)])
    } text: {
      reports.map { $0.text(tensors: listing, by: by, in: sort, listsAllProblems: report.verbose) }
        .joined(separator: "\n")
    }
    if !problems.isEmpty { throw ProblemList(problems) }
  }

  private func report(_ path: String) throws -> CheckpointReport {
    var facts = try CheckpointReport(
      path: path, library: .bundled(), filter: filter.map { Glob($0) },
      appliedTransforms: statistics ? .detectFromValues : .namesOnly)
    if let filter, facts.tensors.isEmpty, !facts.checkpoint.stored.isEmpty {
      throw NoTensorMatches(
        path: path, filter: filter, isPartOfNames: facts.checkpoint.stored.contains { $0.name.text.contains(filter) })
    }
    if let sort { facts.sort(by: sort) }
    if statistics {
      let progress = ProgressLine(totalByteCount: facts.tensorByteCount, isQuiet: report.quiet)
      defer { progress.finish() }
      try facts.measure(threads: report.threadCount) { progress.advance($0) }
    }
    return facts
  }
}

extension TensorGroup.Kind: ExpressibleByArgument {}
extension TensorOrder: ExpressibleByArgument {}

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

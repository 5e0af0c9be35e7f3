import ArgumentParser
import Ingot

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "ls",
    abstract: "Lists the models in a folder, one line each.",
    discussion: """
      Model folders, shard sets and GGUF files are one model each. Repositories in a cache of the Hugging Face hub have \
      their names. Models that cannot be read and unfinished downloads are listed after the table.

      EXAMPLES:
        # Models in this folder and three levels of folders within.
        ingot ls
        # The hub's cache, the largest models first.
        ingot ls ~/.cache/huggingface/hub --sort size
      """)

  /// The order of the lines.
  enum Order: String, CaseIterable, ExpressibleByArgument {
    case name, size, parameters
  }

  @Argument(help: "Folder.", completion: .directory)
  var path = "."

  @Option(parsing: .unconditional, help: ArgumentHelp("Levels of folders within to look into.", valueName: "levels"))
  var depth = 3

  @Option(help: ArgumentHelp("Order of the lines. (values: name, size, parameters)", valueName: "order"))
  var sort = Order.name

  @OptionGroup var report: ReportOptions

  mutating func validate() throws {
    if depth < 0 { throw ValidationError("--depth is \(depth), expected 0 or more") }
  }

  func run() throws {
    let listing = try FolderListing(path, depth: depth, library: .bundled())
    try report.print(json: { listing.json }, text: { listing.text(sortedBy: sort) })
  }
}

extension FolderListing {
  fileprivate func text(sortedBy order: ListCommand.Order) -> String {
    let models = entries.compactMap { entry in entry.report.map { (name: entry.name, report: $0) } }
    let sorted: [(name: String, report: CheckpointReport)] =
      switch order {
      case .name: models
      case .size: models.sorted { $0.report.fileByteCount > $1.report.fileByteCount }
      case .parameters: models.sorted { $0.report.elementCount > $1.report.elementCount }
      }
    var table = Table([
      "model": .left, "architecture": .left, "parameters": .right, "type": .left, "size": .right, "bits": .right,
      "context": .right,
    ])
    table.expendable = ["bits", "context"]
    for (name, report) in sorted {
      table.append(
        name.escapedForDisplay, report.architectureName?.escapedForDisplay ?? "–", report.elementCount.inThousands,
        report.typeWords?.escapedForDisplay ?? "–", report.fileByteCount.byteSize,
        report.bitsPerWeight.map { $0.fixed(2) } ?? "–", report.summary?.contextLength.map(\.grouped) ?? "–")
    }
    let problems = entries.compactMap { entry in
      entry.problem.map { "\(entry.name.escapedForDisplay): \($0)\n".wrapped }
    }
    guard !entries.isEmpty else { return "\(path.escapedForDisplay): no models (--depth looks into more folders)\n" }
    let bytes = models.reduce(0) { $0 &+ $1.report.fileByteCount }
    let total = "\(counted(models.count, "model")), \(bytes.byteSize)\n"
    return (models.isEmpty ? "" : table.text() + "\n") + (problems.isEmpty ? "" : problems.joined() + "\n") + total
  }
}

extension Int {
  /// A count of parameters with three digits: `135 M`, `7.24 B`.
  fileprivate var inThousands: String {
    let units: [(Double, String)] = [(1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K")]
    for (size, unit) in units where Double(self) >= size * 0.9995 { return (Double(self) / size).significant(3) + unit }
    return grouped
  }
}

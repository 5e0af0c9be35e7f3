import ArgumentParser
import Ingot

struct Card: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "card",
    abstract: "Writes the README section about a folder of GGUF files.",
    discussion: """
      Lists size, bits per weight and SHA-256 of every file, its storage formats, importance matrix and command. \
      Figures come from the document of ingot compare --json, commands from receipts in the folder; both are matched \
      by SHA-256.

      EXAMPLES:
        # Measure, then write the section.
        ingot compare model quants/*.gguf --json > quants/compare.json && ingot card quants
        # With the storage format of every tensor.
        ingot card quants --rules -o section.md
      """)

  @Argument(help: "Folder with the files to publish.", completion: .directory)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "Document of ingot compare --json. (default: compare.json in the folder)", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var comparison: String?

  @Flag(help: "List the storage format of every tensor and the rule that chose it, from receipts.")
  var rules = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Write to this file.", valueName: "file"), completion: .file())
  var output: String?

  @Flag(help: "Replace an existing file.")
  var overwrite = false

  @OptionGroup var options: ReportOptions

  func run() throws {
    let policy: OverwritePolicy = overwrite ? .replace : .refuse
    try AtomicFile.requireWritable(output.map { [$0] } ?? [], overwrite: policy)
    let card = try ModelCard(folder: folder, comparison: comparison, threads: options.threadCount)
    if !options.quiet { for message in card.messages { StandardStreams.note("\(ToolInfo.name): note: \(message)") } }
    var settings = ModelCard.Options()
    settings.listsRules = rules
    let text = card.markdown(settings)
    if let output {
      try AtomicFile.write(Array(text.utf8), to: output, overwrite: policy)
      if options.json { try options.print(json: { card.json }, text: { "" }) }
    } else {
      try options.print(json: { card.json }, text: { text })
    }
  }
}

import ArgumentParser
import Ingot

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "tokenize",
    abstract: "Prints the token ids and pieces of a text.",
    discussion: """
      The ids are those of llama.cpp for a GGUF and those of transformers for a folder. A GGUF without tensors and a \
      folder with only tokenizer files have a tokenizer, too. A file of any size is read.

      EXAMPLES:
        # The tokens of a sentence.
        ingot tokenize model.gguf --text "Hello world"
        # Ids alone, for --tokens of other commands.
        ingot tokenize model --file text.txt --ids
      """)

  @Argument(help: "Model folder, folder of tokenizer files, or GGUF.", completion: .file())
  var path: String

  @Option(help: "Text to encode.")
  var text: String?

  @Option(help: ArgumentHelp("File with the text.", valueName: "file"), completion: .file())
  var file: String?

  @Flag(help: "Print the ids alone, separated by commas.")
  var ids = false

  @Flag(name: .customLong("no-special-tokens"), help: "Leave out the tokens around the text, such as BOS.")
  var omitsSpecialTokens = false

  @Flag(name: .customLong("no-parse-special"), help: "Encode special tokens in the text as plain text.")
  var keepsSpecialText = false

  @OptionGroup var definitions: DefinitionOptions

  @Option(
    name: .customLong("arch-as"),
    help: ArgumentHelp("Read the files of a folder as this architecture's.", valueName: "name"),
    completion: .architectures)
  var architecture: String?

  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard (text == nil) != (file == nil) else { throw ValidationError("expected one of --text and --file") }
    guard !(ids && report.json) else { throw ValidationError("expected only one of --ids and --json") }
  }

  func run() throws {
    let opening = try VocabularyOpening.open(path, library: try definitions.library, architecture: architecture)
    let listing = TokenListing(
      opening: opening, tokenizer: try opening.tokenizer(), text: text, file: file,
      addsSpecialTokens: !omitsSpecialTokens, matching: keepsSpecialText ? .plainText : .matched)
    if !report.quiet, !report.json {
      for conflict in opening.read.conflicts where conflict.isAssumption {
        StandardStreams.note("\(ToolInfo.name): warning: \(path.escapedForDisplay): \(conflict.description)")
      }
    }
    var output = StandardOutput()
    if report.json {
      try listing.writeJSON(to: &output)
    } else if ids {
      try listing.writeIDs(to: &output)
    } else if !report.quiet {
      try listing.writeTable(to: &output)
    }
    try output.flush()
  }
}

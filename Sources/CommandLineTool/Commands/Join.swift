import ArgumentParser
import Ingot

struct Join: ConversionCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "join",
    abstract: "Joins the shards of a GGUF to one file, with the bytes of llama-gguf-split --merge.",
    discussion: """
      Any shard names the set. Tensors and metadata stay as they are, for any architecture. ingot convert joins model folders.

      EXAMPLES:
        # Join a set of shards.
        ingot join model-Q8_0-00001-of-00003.gguf model-Q8_0.gguf
        # See what would be written.
        ingot join model-Q8_0-00001-of-00003.gguf model-Q8_0.gguf --dry-run
      """)

  @Argument(help: ArgumentHelp("Any shard of the set.", valueName: "in"), completion: .file())
  var source: String

  @Argument(help: ArgumentHelp("File to write.", valueName: "out"), completion: .file())
  var output: String

  @OptionGroup var copying: CopyOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    try Self.requireShard(source)
    try copying.run(requestedConversion(), report)
  }

  var namedFiles: [InputFile] { [] }

  func requestedConversion() throws -> RequestedConversion {
    try copying.conversion(of: source, to: output, split: .join)
  }

  /// Throws if the GGUF at `path` is complete in itself.
  static func requireShard(_ path: String) throws {
    let checkpoint = try Checkpoint.open(path)
    guard checkpoint.ggufMetadata != nil, checkpoint.files.count == 1 else { return }
    if ShardName(Path.name(of: path)) == nil { throw NotAShard(path: path) }
  }
}

/// A GGUF without further shards.
private struct NotAShard: IngotError {
  let path: String
  var category: ErrorCategory { .input }
  var description: String {
    "\(path.escapedForDisplay): is one file, expected a shard of a set (NAME-00001-of-00003.gguf)"
  }
}

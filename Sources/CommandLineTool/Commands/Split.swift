import ArgumentParser
import Ingot

struct Split: ConversionCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "split",
    abstract: "Divides a GGUF into shards, with the bytes and flags of llama-gguf-split.",
    discussion: """
      The shards are <out>-00001-of-0000n.gguf. Tensors and metadata stay as they are, for any architecture. ingot convert \
      --max-shard-size also splits model folders.

      EXAMPLES:
        # Divide a file into shards of at most 45 GB.
        ingot split model-Q8_0.gguf model-Q8_0 --split-max-size 45G
        # Join shards again; ingot join does the same.
        ingot split --merge model-Q8_0-00001-of-00003.gguf model-Q8_0.gguf
      """)

  @Flag(
    exclusivity: .exclusive,
    help: ArgumentHelp("What is done. (default: --split)"))
  var operation: Operation = .split

  @Option(
    name: .customLong("split-max-tensors"), parsing: .unconditional,
    help: ArgumentHelp("Most tensors of a shard. (default: 128)", valueName: "count"))
  var tensorCount: Int?

  @Option(
    name: .customLong("split-max-size"), parsing: .unconditional,
    help: ArgumentHelp("Maximum size of a shard's tensors: 45G, 500M.", valueName: "size"))
  var size: SizeArgument?

  @Flag(name: .customLong("no-tensor-first-split"), help: "Write metadata alone into the first shard.")
  var leavesFirstEmpty = false

  @Argument(help: ArgumentHelp("GGUF, or a shard.", valueName: "in"), completion: .file())
  var source: String

  @Argument(
    help: ArgumentHelp("Names of the shards up to their numbers; with --merge, the file.", valueName: "out"),
    completion: .file())
  var output: String

  @OptionGroup var copying: CopyOptions
  @OptionGroup var report: ReportOptions

  enum Operation: String, EnumerableFlag {
    case split, merge

    static func help(for value: Self) -> ArgumentHelp? {
      value == .split ? "Divide a GGUF into shards." : "Join shards to one file."
    }
  }

  func validate() throws {
    guard tensorCount == nil || size == nil else {
      throw ValidationError("expected only one of --split-max-tensors and --split-max-size")
    }
    if let tensorCount, tensorCount < 1 {
      throw ValidationError("--split-max-tensors is \(tensorCount), expected 1 or more")
    }
    guard operation == .merge else { return }
    for (option, isGiven) in [
      ("--split-max-tensors", tensorCount != nil), ("--split-max-size", size != nil),
      ("--no-tensor-first-split", leavesFirstEmpty),
    ] where isGiven { throw ValidationError("\(option) has no effect with --merge (leave it out)") }
  }

  func run() throws {
    if operation == .merge { try Join.requireShard(source) }
    try copying.run(requestedConversion(), report)
  }

  var namedFiles: [InputFile] { [] }

  func requestedConversion() throws -> RequestedConversion {
    let limit =
      size.map { GGUFDivision.Limit.bytes($0.byteCount) } ?? tensorCount.map { .tensors($0) }
      ?? GGUFDivision.defaultLimit
    let division = GGUFDivision(limit, firstShard: leavesFirstEmpty ? .metadataAlone : .tensors)
    return try copying.conversion(of: source, to: output, split: operation == .merge ? .join : .divide(division))
  }
}

import ArgumentParser
import Ingot

struct GraftCommand: ConversionCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "graft",
    abstract: "Copies tensors between files of one model.",
    discussion: """
      Tensors of the source replace those of the file that have the same role, or are added to it; layer counts in its \
      metadata follow. Bytes are copied if both have one naming scheme, otherwise tensors are renamed and transformed. \
      Without -o the file itself is replaced, which needs --overwrite.

      EXAMPLES:
        # Add the MTP layer of a model folder to a GGUF that was made without it.
        ingot graft model --tensors "mtp.*" --into model-Q4_K_M.gguf --type Q8_0 -o model-MTP.gguf
        # Replace one tensor by that of another GGUF.
        ingot graft model-Q8_0.gguf --tensors token_embd.weight --into model-Q4_K_M.gguf --overwrite
      """)

  @Argument(help: "Model folder, GGUF or other checkpoint that has the tensors.", completion: .file())
  var source: String

  @Option(
    help: ArgumentHelp(
      "Names to copy, as the source or the output has them; * matches any characters, ? one. Repeatable.",
      valueName: "glob"))
  var tensors: [String]

  @Option(help: ArgumentHelp("File or folder that gets the tensors.", valueName: "file"), completion: .file())
  var into: String

  @Option(
    name: [.short, .long], help: "File or folder to write. (default: the one given by --into)", completion: .file())
  var output: String?

  @Option(help: "Recipe or storage format of the tensors; auto: that of the source, as convert chooses it.")
  var type = TypeArgument(argument: "auto")

  @Option(
    name: .customLong("max-shard-size"),
    parsing: .unconditional, help: ArgumentHelp("Maximum size of a shard: 5G, 500M, 2GiB.", valueName: "size"))
  var shardSize: SizeArgument?

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard !tensors.isEmpty else { throw ValidationError("--tensors is missing (\"*\" matches all)") }
    guard execution.verify else { return }
    throw ValidationError("--verify compares an output with one source (ingot diff compares it with either)")
  }

  func run() throws {
    let conversion = try requestedConversion()
    try execution.run(
      try conversion.plan(), to: conversion.request.destination, model, report, source: .opened)
  }

  var namedFiles: [InputFile] { model.inputFiles + [InputFile("graft", source)] }

  func requestedConversion() throws -> RequestedConversion {
    var request = ConversionRequest(destination: output ?? into)
    request.sourceFile = output == nil ? .replace : .keep
    request.maximumShardByteCount = shardSize?.byteCount
    request.inputFiles = model.inputFiles
    try execution.apply(to: &request)
    var conversion = try model.conversion(of: into, request)
    var graft = Graft(source, patterns: tensors.map { Glob($0) })
    graft.type = try type.choice
    conversion.graft = graft
    return conversion
  }
}

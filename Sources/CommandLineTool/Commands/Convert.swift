import ArgumentParser
import Ingot

struct Convert: PartedCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "convert",
    abstract: "Writes a model in another container, naming scheme or storage format.",
    discussion: """
      The conversion is planned before anything is written, and an incomplete file never appears under the output name. \
      The status is 1 if --budget or --verify fails.

      EXAMPLES:
        # Quantize a model folder to a GGUF.
        ingot convert model -o model-Q4_K_M.gguf --type Q4_K_M
        # Write a GGUF as a model folder that transformers loads.
        ingot convert model.gguf -o model
        # Repack an AWQ, GPTQ or MXFP4 model without changing a value.
        ingot convert model-AWQ -o model.gguf --type keep
        # Write several types while the model is read once.
        ingot convert model --types Q8_0,Q4_K_M -o '{name}-{ftype}.gguf'
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.", completion: .file())
  var source: String

  @Option(
    name: [.short, .long, .customLong("outfile")],
    help: "File or folder to write; {name} and {ftype} in a GGUF name become the model's name and the type.",
    completion: .file())
  var output: String

  @OptionGroup var types: TypeListOptions

  @Option(
    help: "Container to write. (default: from the output name: .gguf, .safetensors, otherwise a folder)")
  var to: ContainerArgument?

  @Option(
    name: [.long, .customLong("outtype")],
    help: "Recipe or storage format; auto: one that holds the source; keep: the one with each tensor's exact values.")
  var type = TypeArgument(argument: "auto")

  @Flag(help: "Give all matrices the recipe's default format.")
  var pure = false

  @Flag(name: .customLong("no-mtp"), help: "Leave out layers that predict more tokens (MTP).")
  var omitsPredictionLayers = false

  @Option(
    help: ArgumentHelp("Naming scheme of the output: hf, meta, yi, …", valueName: "scheme"), completion: .namingSchemes)
  var naming: String?

  @OptionGroup var partition: PartitionOptions

  @Option(
    name: .customLong("tensor-type"),
    help: ArgumentHelp(
      "Storage format of tensors whose name matches a regular expression; may be repeated.",
      valueName: "pattern=type"))
  var typeOverrides: [TypeOverrideArgument] = []

  @Option(
    name: .customLong("max-shard-size"),
    parsing: .unconditional, help: ArgumentHelp("Maximum size of a shard: 5G, 500M, 2GiB.", valueName: "size"))
  var shardSize: SizeArgument?

  @Option(name: .customLong("model-name"), help: ArgumentHelp("Model name in a GGUF.", valueName: "name"))
  var modelName: String?

  @Option(
    name: .customLong("pre-tokenizer"),
    help: ArgumentHelp("Pre-tokenizer name in a GGUF.", valueName: "name"), completion: .preTokenizers)
  var preTokenizer: String?

  @Option(
    name: .customLong("xor-key"),
    help: ArgumentHelp("Decrypt the input, which BELLE encrypted with this file.", valueName: "file"),
    completion: .file())
  var xorKey: String?

  @Option(
    name: .customLong("delta-of"),
    help: ArgumentHelp("Add the input, a weight delta, to this model.", valueName: "base"), completion: .file())
  var deltaBase: String?

  @Option(
    name: .customLong("new-rows"),
    help: ArgumentHelp(
      "What the base of a weight delta has in rows of added tokens: zero (Vicuna) or mean (Alpaca).", valueName: "value"
    ))
  var newRows = DeltaNewRows.zero

  @Option(
    help: ArgumentHelp(
      "The model that a LoRA adapter was made for, to write the adapter as a GGUF; only its configuration is read.",
      valueName: "model"), completion: .file())
  var base: String?

  @OptionGroup var importance: ImportanceOptions
  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if deltaBase == nil, newRows != .zero { throw ValidationError("--new-rows needs --delta-of") }
    if to == .pytorch {
      throw ValidationError("--to pytorch: is not written, since \(ConversionRequest.reasonAgainstPyTorch)")
    }
    try partition.requireFitting(naming: naming)
    if let option = partition.option(naming: naming) {
      for (other, isGiven) in [("--to", to != nil), ("--max-shard-size", shardSize != nil)] where isGiven {
        throw ValidationError("\(other) has no effect with \(option), which decides the files (leave it out)")
      }
    }
    try checkTypes()
    guard allTypes.allSatisfy({ $0.recipe == nil }) else { return }
    let isAutomatic = allTypes.allSatisfy(\.isAutomatic)
    for (option, isGiven) in [("--pure", pure && isAutomatic), ("--imatrix", importance.path != nil)] where isGiven {
      throw ValidationError("\(option) needs a recipe as --type, such as Q4_K_M")
    }
  }

  /// The types that are asked for.
  private var allTypes: [TypeArgument] { types.names.map { $0.map(TypeArgument.init) } ?? [type] }

  private func checkTypes() throws {
    guard let names = types.names else { return }
    if type.text != "auto" { throw ValidationError("expected only one of --type and --types") }
    if to == .safetensors { throw ValidationError("--types writes GGUF files, not --to safetensors") }
    if let option = partition.option(naming: naming) {
      throw ValidationError("--types writes GGUF files, not \(option)")
    }
    if let name = names.firstRepeated { throw ValidationError("--types lists \(name) twice") }
  }

  func run() throws {
    if let adapter = try adapterFile() { return try write(adapter) }
    if let names = types.names { return try run(names) }
    let conversion = try requestedConversion()
    try execution.run(
      try conversion.plan(), to: conversion.request.destination, model, adapters: adapters.paths, report,
      source: conversion.isDerived ? .opened : .reopened)
  }

  func requireParts() throws {
    if types.names != nil { throw ValidationError("--types writes several outputs, but a plan has one (plan each)") }
  }

  func carryOut(
    _ plan: ConversionPlan, by way: ConversionJob.Execution, arguments: [String], _ report: ReportOptions
  ) throws {
    try execution.carryOut(
      plan, by: way, arguments: arguments, model, adapters: adapters.paths, report,
      source: try requestedConversion().isDerived ? .opened : .reopened)
  }

  /// Writes an output of each type.
  private func run(_ names: [String]) throws {
    try types.check(output, receipt: execution.receipt)
    let requests = try allTypes.map(makeRequest)
    let conversion = try conversion(requests[0])
    try execution.run(
      try Planner.plan(conversion.open(), requests), types: names, model, adapters: adapters.paths, report,
      source: conversion.isDerived ? .opened : .reopened)
  }

  func requestedConversion() throws -> RequestedConversion {
    try conversion(makeRequest(try types.single().map(TypeArgument.init) ?? type))
  }

  private func conversion(_ request: ConversionRequest) throws -> RequestedConversion {
    var conversion = try model.conversion(of: source, request)
    conversion.adapters = adapters.paths
    conversion.xorKey = xorKey
    conversion.deltaBase = deltaBase
    conversion.newRows = newRows
    conversion.predictionLayers = omitsPredictionLayers ? .omit : .keep
    // Between safetensors no definition is needed, unless an option has to do with one.
    let needsDefinition =
      conversion.request.resolvedTarget == .gguf || naming != nil || model.architecture != nil
      || model.definitions.mapping != nil || omitsPredictionLayers
      || !model.appliedTransforms.isEmpty
    if !needsDefinition { conversion.definition = .optional }
    return conversion
  }

  /// The files that are read apart from the source and its adapters.
  var inputFiles: [InputFile] {
    model.inputFiles + importance.inputFiles + (xorKey.map { [InputFile("--xor-key", $0)] } ?? [])
  }

  var namedFiles: [InputFile] {
    inputFiles + adapters.paths.map { InputFile("--lora", $0) }
      + (deltaBase.map { [InputFile("--delta-of", $0)] } ?? [])
  }

  private func makeRequest(_ type: TypeArgument) throws -> ConversionRequest {
    var request = ConversionRequest(destination: output)
    switch to {
    case .gguf: request.target = .gguf
    case .safetensors: request.target = .safeTensors(at: output)
    case .pytorch, nil: if types.names != nil { request.target = .gguf }
    }
    request.partition = partition.partition(naming: naming)
    request.type = try type.choice
    request.recipeOptions.matrices = pure ? .uniform : .byRule
    // A format that is not a recipe weights nothing.
    request.importance = types.names == nil || type.recipe != nil ? try importance.matrix() : nil
    request.inputFiles = inputFiles
    request.typeOverrides = try typeOverrides.map { try $0.override }
    request.naming = naming
    request.maximumShardByteCount = shardSize?.byteCount
    try execution.apply(to: &request)
    request.modelName = modelName
    request.preTokenizer = preTokenizer
    return request
  }
}

extension DeltaNewRows: ExpressibleByArgument {}

extension Convert {
  /// The file of an adapter, if the source is one and a GGUF is written.
  private func adapterFile() throws -> AdapterFile? {
    // Opening a compressed file may unpack it.
    guard AdapterExport.mayBeAdapter(source) else { return nil }
    let location = try InputLocation(source)
    guard adapters.paths.isEmpty, AdapterExport.isAdapter(location), try makeRequest(type).resolvedTarget == .gguf
    else {
      return nil
    }
    if types.names != nil { throw ValidationError("--types: a LoRA adapter has no types of models (pass --type F16)") }
    let export = try AdapterExport(
      location, base: try base.map { path throws(FileError) in try InputLocation(path) },
      library: try model.definitions.library, architecture: model.architecture)
    let format: StorageFormat
    switch try type.choice {
    case .automatic: format = .f32
    case .kept: format = export.storedFormat ?? .f32
    case .format(let wanted): format = wanted
    case .recipe, .size: throw ValidationError("--type: factors of an adapter are stored as F32, F16 or BF16")
    }
    guard AdapterFile.formats.contains(format) else {
      throw ValidationError("--type \(format): factors of an adapter are stored as F32, F16 or BF16")
    }
    return try AdapterFile(export, format: format, modelName: modelName)
  }

  private func write(_ adapter: AdapterFile) throws {
    if !execution.isDryRun { try adapter.write(to: output, overwrite: execution.overwrite ? .replace : .refuse) }
    let tensorCount = adapter.adapter.tensors.count
    try report.print(
      json: {
        .members([
          "schema": .string("ingot.adapter/1"), "path": .string(output),
          "architecture": .string(adapter.adapter.architecture), "format": .string(adapter.format.name),
          "alpha": .real(adapter.adapter.alpha), "tensors": .integer(tensorCount), "bytes": .integer(adapter.byteCount),
        ])
      },
      text: {
        "\(execution.isDryRun ? "would write" : "wrote") \(output.escapedForDisplay): LoRA adapter of"
          + " \(adapter.adapter.architecture), \(counted(tensorCount, "tensor")) in \(adapter.format),"
          + " \(adapter.byteCount.byteSize)\n" + adapter.remarks.map { "note: \($0)\n" }.joined()
      })
  }
}

/// A container that can be written.
enum ContainerArgument: String, ExpressibleByArgument, CaseIterable {
  case gguf
  case safetensors
  /// Refused with the reason.
  case pytorch

  static let allValueStrings = ["gguf", "safetensors"]
}

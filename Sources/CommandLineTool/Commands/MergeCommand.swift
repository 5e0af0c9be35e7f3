import ArgumentParser
import Ingot

struct MergeCommand: ConversionCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "merge",
    abstract: "Writes the weighted average of several models.",
    discussion: """
      The models may be in different containers, naming schemes and storage formats: tensors are matched by their role and \
      summed in float32. Configuration and tokenizer are those of the first; the tokenizers must agree. With --base, each \
      model's difference from the base is added to it, multiplied by the weight.

      EXAMPLES:
        # Mix three models.
        ingot merge model-a model-b model-c --weights 0.5,0.3,0.2 -o mixed
        # Add what two models learned to the model that both were trained from.
        ingot merge model-a model-b --base original --weights 0.7,0.7 -o mixed.gguf
      """)

  @Argument(help: ArgumentHelp("Models to merge.", valueName: "model"), completion: .file())
  var sources: [String]

  @Option(
    help: ArgumentHelp(
      "Weight of each model, in order. (default: equal weights that sum to 1; with --base 1)", valueName: "weight,…"))
  var weights: WeightList?

  @Option(help: ArgumentHelp("Model that the others were trained from.", valueName: "model"), completion: .file())
  var base: String?

  @Option(
    name: [.short, .long], help: "File or folder to write; {ftype} in a GGUF name becomes the storage format.",
    completion: .file())
  var output: String

  @Option(help: "Recipe or storage format; auto: one that holds the first model.")
  var type = TypeArgument(argument: "auto")

  @Option(
    help: ArgumentHelp("Naming scheme of the output: hf, meta, yi, …", valueName: "scheme"), completion: .namingSchemes)
  var naming: String?

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard sources.count >= (base == nil ? 2 : 1) else {
      throw ValidationError("merge needs at least two models, or one and --base")
    }
    guard let weights, weights.values.count != sources.count else { return }
    throw ValidationError(
      "--weights has \(counted(weights.values.count, "weight")) for \(counted(sources.count, "model"))")
  }

  func run() throws {
    let conversion = try requestedConversion()
    try execution.run(try conversion.plan(), to: conversion.request.destination, model, report, source: .opened)
  }

  var inputFiles: [InputFile] { model.inputFiles }

  var namedFiles: [InputFile] { inputFiles + others.map { InputFile("merge", $0) } }

  /// The models apart from the first, or from the base.
  private var others: [String] { base == nil ? Array(sources.dropFirst()) : sources }

  func requestedConversion() throws -> RequestedConversion {
    var request = ConversionRequest(destination: output)
    request.type = try type.choice
    request.naming = naming
    request.inputFiles = inputFiles
    try execution.apply(to: &request)
    var conversion = try model.conversion(of: base ?? sources[0], request)
    let equal = base == nil ? 1 / Float(sources.count) : 1
    let values = weights?.values ?? [Float](repeating: equal, count: sources.count)
    conversion.merge = Merge(
      weight: base == nil ? values[0] : nil, others: others,
      otherWeights: base == nil ? Array(values.dropFirst()) : values)
    return conversion
  }
}

/// Numbers that are separated by commas.
struct WeightList: ExpressibleByArgument {
  let values: [Float]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Float(String($0)) }
    let numbers = parts.compactMap(\.self)
    guard !numbers.isEmpty, numbers.count == parts.count, numbers.allSatisfy(\.isFinite) else { return nil }
    values = numbers
  }
}

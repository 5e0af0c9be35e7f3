import ArgumentParser
import Ingot

struct Dequantize: ConversionCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "dequantize",
    abstract: "Decodes a quantized model to F32, F16 or BF16.",
    discussion: """
      Any quantized form that ingot reads is decoded: block formats, GPTQ, AWQ, FP8, MXFP4, MLX and others. F32 has every \
      decoded value. A GGUF has the bytes of llama-quantize --allow-requantize with that type.

      EXAMPLES:
        # Decode a GGUF.
        ingot dequantize model-Q4_K_M.gguf model-F32.gguf
        # Decode an FP8 model to a folder that transformers loads.
        ingot dequantize model-FP8 model-BF16 --type BF16
      """)

  @Argument(help: ArgumentHelp("Quantized model: GGUF, folder, shard, or index.", valueName: "in"), completion: .file())
  var source: String

  @Argument(help: ArgumentHelp("File or folder to write.", valueName: "out"), completion: .file())
  var output: String

  @Option(help: "Format of the decoded matrices.")
  var type: DecodedFormat = .f32

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  enum DecodedFormat: String, ExpressibleByArgument, CaseIterable {
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"

    init?(argument: String) { self.init(rawValue: argument.uppercased()) }

    var format: StorageFormat {
      switch self {
      case .f32: .f32
      case .f16: .f16
      case .bf16: .bf16
      }
    }
  }

  func run() throws {
    let conversion = try requestedConversion()
    try execution.run(
      try conversion.plan(threads: report.threadCount), to: conversion.request.destination, model, report)
  }

  var inputFiles: [InputFile] { model.inputFiles }
  var namedFiles: [InputFile] { inputFiles }

  func requestedConversion() throws -> RequestedConversion {
    var request = ConversionRequest(destination: output)
    // A recipe needs no definition of the architecture.
    request.type = .format(type.format)
    if request.resolvedTarget == .gguf, let recipe = Recipe.named(type.rawValue) { request.type = .recipe(recipe) }
    request.inputFiles = inputFiles
    try execution.apply(to: &request)
    var conversion = try model.conversion(of: source, request)
    conversion.definition = .optional
    return conversion
  }
}

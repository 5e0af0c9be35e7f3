import ArgumentParser
import Ingot

/// The options of a conversion that copies every tensor.
struct CopyOptions: ParsableArguments {
  @Flag(name: .customLong("dry-run"), help: "Print the plan and write nothing.")
  var isDryRun = false

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @Option(
    help: ArgumentHelp("Write options and digests as JSON.", valueName: "file"), completion: .file())
  var receipt: String?

  /// Carries out a conversion, or prints its plan.
  func run(_ conversion: RequestedConversion, _ report: ReportOptions) throws {
    try execution.run(
      try conversion.plan(threads: report.threadCount), to: conversion.request.destination, try ModelOptions.parse([]),
      report)
  }

  /// The conversion of the GGUF at `source` to another of the same tensors, whose shards follow `split`.
  func conversion(
    of source: String, to output: String, split: ConversionRequest.SplitPolicy
  ) throws -> RequestedConversion {
    var request = ConversionRequest(destination: output)
    request.target = .gguf
    request.type = .kept
    request.split = split
    try execution.apply(to: &request)
    var conversion = RequestedConversion(source, library: try .bundled(), request: request)
    conversion.definition = .unused
    return conversion
  }

  private var execution: ExecutionOptions {
    get throws {
      try ExecutionOptions.parse(
        (isDryRun ? ["--dry-run"] : []) + (overwrite ? ["--overwrite"] : [])
          + (receipt.map { ["--receipt=\($0)"] } ?? []))
    }
  }
}

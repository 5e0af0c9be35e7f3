import ArgumentParser
import Ingot

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "plan",
    abstract: "Plans a conversion or measurement in parts that any machines make in any order.",
    discussion: """
      Takes the options of convert, or after the word quantize, imatrix or verify those of that command. ingot work makes a \
      part, ingot assemble joins all to what the single run gives. docs/scale.md explains it.

      EXAMPLES:
        # Plan 16 parts of a conversion.
        ingot plan model -o model-Q4_K_M.gguf --type Q4_K_M --parts 16 --save plan.json
        # Plan parts of a quantization by their size.
        ingot plan quantize model-F16.gguf model-Q4_K_M.gguf Q4_K_M --part-bytes 4G --save plan.json
        # Measure an importance matrix with 8 machines.
        ingot plan imatrix model --file text.txt -o imatrix.gguf --parts 8 --save plan.json
      """,
    subcommands: [PlanConversion.self, PlanQuantization.self, PlanImportance.self, PlanVerification.self],
    defaultSubcommand: PlanConversion.self)
}

struct PlanConversion: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "convert",
    abstract: "Plans what ingot convert would do, in parts.",
    discussion: """
      EXAMPLES:
        # Plan 16 parts.
        ingot plan convert model -o model-Q4_K_M.gguf --type Q4_K_M --parts 16 --save plan.json
        # Plan parts of at most 4 GB, and a receipt that ingot assemble writes.
        ingot plan convert model.gguf -o model --part-bytes 4G --save plan.json --receipt receipt.json
      """)

  @OptionGroup var options: PlanOptions
  @OptionGroup var conversion: Convert

  func run() throws { try options.run(conversion, conversion.report) }
}

struct PlanQuantization: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "quantize",
    abstract: "Plans what ingot quantize would do, in parts.",
    discussion: """
      EXAMPLES:
        # Plan 16 parts.
        ingot plan quantize model-F16.gguf model-Q4_K_M.gguf Q4_K_M --parts 16 --save plan.json
        # Plan parts of at most 4 GB, weighted by an importance matrix.
        ingot plan quantize in.gguf out.gguf IQ2_M --imatrix imatrix.gguf --part-bytes 4G --save plan.json
      """)

  @OptionGroup var options: PlanOptions
  @OptionGroup var conversion: Quantize

  func run() throws { try options.run(conversion, conversion.report) }
}

struct PlanImportance: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "imatrix",
    abstract: "Plans what ingot imatrix would measure, in parts of the text.",
    discussion: """
      EXAMPLES:
        # Plan 8 parts.
        ingot plan imatrix model --file text.txt -o imatrix.gguf --parts 8 --save plan.json
        # One part for each 16 chunks of 1,024.
        ingot plan imatrix model --file text.txt --chunks 1024 --parts 64 --save plan.json
      """)

  @OptionGroup var options: PlanOptions
  @OptionGroup var measuring: ImatrixMeasure

  func run() throws { try options.run(measuring, measuring.report) }
}

struct PlanVerification: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "verify",
    abstract: "Plans what ingot verify would compare, in parts of the text.",
    discussion: """
      EXAMPLES:
        # Compare on the bundled text, in 8 parts.
        ingot plan verify model model-Q4_K_M.gguf --parts 8 --save plan.json
        # Compare on another text.
        ingot plan verify model model.gguf --file wiki.txt --parts 64 --save plan.json
      """)

  @OptionGroup var options: PlanOptions
  @OptionGroup var measuring: Verify

  func run() throws { try options.run(measuring, measuring.options) }
}

extension PlanOptions {
  /// Plans what `command` measures in one run, and saves the plan.
  fileprivate func run(_ command: some MeasuringCommand, _ report: ReportOptions) throws {
    guard let count = parts else {
      throw ValidationError("--part-bytes cuts an output, but this measures (pass --parts)")
    }
    let parts = try MeasuringParts(count, arguments: Self.singleRun(Array(CommandLine.arguments.dropFirst()))) {
      try command.open(writes: true)
    }
    let saved = try MeasuringPlan.write(parts, to: save, overwrite: .refuse)
    let itemCount = parts.measurement.itemCount
    try report.print(
      json: {
        .members([
          "schema": .string("ingot.planned/1"), "path": .string(save), "sha256": .string(saved.document.digest),
          "parts": .integer(count), saved.itemName: .integer(itemCount),
        ])
      },
      text: {
        "plan \(saved.document.digest.prefix(16)) in \(save.escapedForDisplay): \(counted(count, "part")) of "
          + "\(itemCount.grouped) \(saved.itemName)\n" + next(count)
      })
  }

  /// What to do with a plan of so many parts.
  private func next(_ count: Int) -> String {
    "next: ingot work \(save.escapedForDisplay) --part N for each N from 0 to \(max(0, count - 1))"
      + ", then ingot assemble \(save.escapedForDisplay)\n"
  }

  /// Plans what `command` does in one run, and saves the plan.
  fileprivate func run(_ command: some PartedCommand, _ report: ReportOptions) throws {
    try command.requireParts()
    let execution = command.execution
    for (option, isGiven) in [
      ("--dry-run", execution.isDryRun), ("--resume", execution.resume), ("--consume-shards", execution.consumesShards),
    ] where isGiven {
      throw ValidationError("\(option) has no effect on a plan, which writes no output (leave it out)")
    }
    // Measured before, so that what planning reads is the same for all workers.
    let measured = try command.measuredErrors(report)
    let parts = try ConversionParts(cut, arguments: Self.singleRun(Array(CommandLine.arguments.dropFirst()))) {
      var conversion = try command.requestedConversion()
      conversion.request.measuredErrors = measured
      return try conversion.plan()
    }
    let saved = try SavedPlan.write(parts, to: save, overwrite: command.execution.overwrite ? .replace : .refuse)
    try report.print(
      json: {
        .members([
          "schema": .string("ingot.planned/1"), "path": .string(save), "sha256": .string(saved.digest),
          "parts": .integer(saved.byteCounts.count), "bytes": .integer(parts.plan.byteCount),
          "core_seconds": .real(saved.coreSeconds),
        ])
      },
      text: {
        let count = saved.byteCounts.count
        return parts.plan.text(title: "will write", listsAll: report.verbose)
          + "\nplan \(saved.digest.prefix(16)) in \(save.escapedForDisplay): \(counted(count, "part"))"
          + (count > 0 ? ", the largest with \((saved.byteCounts.max() ?? 0).byteSize)" : "")
          + ", about \(saved.coreSeconds.fixed(1)) core-seconds\n"
          + next(count)
      })
  }
}

import ArgumentParser
import Ingot

extension ExecutionOptions {
  /// Does what `plans` of one source say, each for the type of the same index, or prints them.
  func run(
    _ plans: [ConversionPlan], types: [String], _ model: ModelOptions, adapters: [String] = [],
    _ report: ReportOptions, source: ComparedSource = .reopened
  ) throws {
    if consumesShards { throw ValidationError("--consume-shards makes one output (leave out --types)") }
    if resume { throw ValidationError("--resume continues one output (leave out --types)") }
    if isDryRun {
      return try report.print(
        json: {
          .members(["schema": .string("ingot.plans/1"), "plans": .array(plans.map(\.json))])
        }, text: { plans.text(title: "would write") + plans.formatTable })
    }
    let jobs = try zip(plans, types).map { plan, type in
      var single = try job(plan, report)
      single.receiptPath = receipt.map { plan.path(OutputPattern($0)) }
      single.arguments = single.arguments.choosing(type: type)
      return single
    }
    let progress = ProgressLine(totalByteCount: plans.reduce(0) { $0 + $1.byteCount }, isQuiet: report.quiet)
    defer { progress.finish() }
    let check = { (job: ConversionJob, output: String) in
      try compare(output, with: job.plan, model, adapters, report, source)
    }
    let outcomes = try ConversionBatch(jobs).run(
      progress: { progress.advance($0) }, written: { progress.finish() }, check: verify ? check : nil)
    let summary = BatchSummary(plans: plans, outcomes: outcomes, seconds: progress.seconds)
    progress.finish()
    try report.print(json: { summary.json }, text: { summary.text })
    try summary.requireSuccess()
  }
}

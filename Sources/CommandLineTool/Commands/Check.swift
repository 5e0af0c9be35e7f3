import ArgumentParser
import Ingot

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks one checkpoint: layout, coverage of its architecture, values, ties, tokenizer.",
    discussion: "All of it is read. Ends with status 1 if a finding is an error.")

  @Argument(help: "The checkpoint.")
  var path: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    let byteCount = (try? Checkpoint.open(path))?.tensorByteCount ?? 0
    let progress = ProgressLine(totalByteCount: byteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    let check = try CheckpointCheck.check(
      path, library: try model.library, architecture: model.architecture, appliedTransforms: model.detectedTransforms,
      threads: report.threadCount
    ) { progress.advance($0) }
    progress.finish()
    try report.print(json: { check.json }, text: { check.text })
    if !check.passes { throw FailedCheck() }
  }
}

extension CheckpointCheck {
  fileprivate var text: String {
    let findings = findings.isEmpty ? "" : Table(findings.table).text() + "\n"
    return findings + "read \(readCount.grouped) of \(counted(tensorCount, "tensor"))\n"
      + (passes ? "passed" : "failed").emphasized + "\n"
  }
}

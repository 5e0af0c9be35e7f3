import ArgumentParser
import Ingot

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "check",
    abstract: "Checks layout, tensors, values, tied weights and tokenizer of one checkpoint.",
    discussion: """
      Reads every tensor. The status is 1 if there is an error.

      EXAMPLES:
        # Is the download complete and sound?
        ingot check model
        # The findings, for a script.
        ingot check model.gguf --json
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.", completion: .file())
  var path: String

  @OptionGroup var model: ModelOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    let byteCount = (try? Checkpoint.open(path))?.tensorByteCount ?? 0
    let progress = ProgressLine(totalByteCount: byteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    let check = try CheckpointCheck.check(
      path, library: try model.definitions.library, architecture: model.architecture,
      appliedTransforms: model.detectedTransforms,
      threads: report.threadCount, listsAll: report.verbose
    ) { progress.advance($0) }
    progress.finish()
    try report.print(json: { check.json }, text: { check.text(listsAll: report.verbose) })
    if !check.passes { throw FailedCheck() }
  }
}

extension CheckpointCheck {
  fileprivate func text(listsAll: Bool) -> String {
    let findings = findings.text(listsAll: listsAll)
    return findings + (findings.isEmpty ? "" : "\n")
      + "read \(readCount.grouped) of \(counted(tensorCount, "tensor"))\n"
      + (passes ? "passed" : "failed").asVerdict + "\n"
  }
}

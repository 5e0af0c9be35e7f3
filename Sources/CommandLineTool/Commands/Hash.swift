import ArgumentParser
import Ingot

struct Hash: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints a digest of every tensor and of the whole model.",
    discussion: """
      Digests are SHA-256 and do not depend on container, files, tensor order or naming scheme: a model and its renamed \
      copy have the same. They do depend on the storage format. docs/json.md says of what they are.
      """)

  @Argument(help: "The checkpoint.")
  var path: String

  @Flag(inversion: .prefixedNo, help: "List the tensors.")
  var tensors = true

  @OptionGroup var report: ReportOptions

  func run() throws {
    let facts = try CheckpointReport(path: path, library: .bundled())
    let progress = ProgressLine(totalByteCount: facts.tensorByteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    let digest = try CheckpointDigest(
      facts.recognition ?? .unknown(reason: ""), facts.checkpoint, threads: report.threadCount
    ) { progress.advance($0) }
    progress.finish()
    try report.print(json: { digest.json }, text: { digest.text(includesTensors: tensors) })
  }
}

extension CheckpointDigest {
  fileprivate func text(includesTensors: Bool) -> String {
    let lines = includesTensors ? entries.map { "\($0.sha256)  \($0.name.text.escapedForDisplay)\n" } : []
    return lines.joined() + "\(sha256)  \(path.escapedForDisplay)\n"
  }
}

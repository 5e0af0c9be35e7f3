import ArgumentParser
import Ingot

struct Hash: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints SHA-256 digests of every tensor and of the model.",
    discussion: """
      Digests depend on values and storage formats, not on container, files, tensor order or naming scheme. \
      docs/json.md defines the hashed bytes.

      EXAMPLES:
        # One digest for the model.
        ingot hash model --no-tensors
        # A digest for every tensor.
        ingot hash model.gguf
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.", completion: .file())
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
    try report.print(json: { digest.json }, text: { digest.text(tensors: tensors ? .list : .omit) })
  }
}

extension CheckpointDigest {
  fileprivate func text(tensors: CheckpointReport.Tensors) -> String {
    let listed = tensors == .list ? entries + others : []
    let lines = listed.map { "\($0.sha256)  \($0.name.text.escapedForDisplay)\n" }
    let path = path.escapedForDisplay
    let rest = othersSHA256.map {
      "\($0)  \(path), \(counted(others.count, "tensor")) not included above (first: \(others[0].name.text.quoted))\n"
    }
    return lines.joined() + "\(sha256)  \(path)\n" + (rest ?? "")
  }
}

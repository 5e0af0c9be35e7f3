import ArgumentParser
import Ingot

struct Hash: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "hash",
    abstract: "Prints SHA-256 digests of every tensor and of the model, or checks a list of them.",
    discussion: """
      Digests depend on values and storage formats, not on container, files, tensor order or naming scheme. \
      docs/json.md defines the hashed bytes. --check reads a list that ingot hash or sha256sum printed, and the status \
      is 1 if a digest does not match.

      EXAMPLES:
        # One digest for the model.
        ingot hash model --no-tensors
        # A digest for every tensor.
        ingot hash model.gguf
        # The same list against another copy.
        ingot hash model.gguf > digests.txt; ingot hash copy --check digests.txt
      """)

  @Argument(
    help: "Model folder, safetensors or GGUF file, shard, or index. (with --check, default: the paths in the list)",
    completion: .file())
  var path: String?

  @Flag(inversion: .prefixedNo, help: "List the tensors.")
  var tensors = true

  @Option(
    help: ArgumentHelp("Check the digests in this list of ingot hash or sha256sum.", valueName: "file"),
    completion: .file())
  var check: String?

  @OptionGroup var report: ReportOptions

  mutating func validate() throws {
    if path == nil, check == nil { throw ValidationError("expected a path, or --check with a list") }
  }

  func run() throws {
    if let check { return try run(checking: check) }
    guard let path else { return }
    let digest = try digest(path)
    try report.print(json: { digest.json }, text: { digest.text(tensors: tensors ? .list : .omit) })
  }

  private func run(checking list: String) throws {
    let check = try DigestListCheck(DigestList(InputLocation.openFile(list)), of: path) { try digest($0) }
    try report.print(json: { check.json }, text: { check.text(listsAll: report.verbose) })
    if !check.passes { throw FailedCheck() }
  }

  private func digest(_ path: String) throws -> CheckpointDigest {
    let facts = try CheckpointReport(path: path, library: .bundled())
    let progress = ProgressLine(totalByteCount: facts.tensorByteCount, isQuiet: report.quiet)
    defer { progress.finish() }
    return try CheckpointDigest(
      facts.recognition ?? .unknown(reason: ""), facts.checkpoint, threads: report.threadCount
    ) { progress.advance($0) }
  }
}

extension DigestListCheck {
  /// The digests that do not match, or with `listsAll` every one, and the outcome.
  fileprivate func text(listsAll: Bool) -> String {
    let lines = entries.filter { listsAll || !$0.matches }.map { entry in
      let outcome = entry.matches ? "matches" : entry.found == nil ? entry.problem ?? "" : "has another digest"
      return "\(entry.name.escapedForDisplay): \(outcome)\n"
    }
    let count = entries.count { $0.matches }
    let verb = count == 1 ? "matches" : "match"
    return lines.joined() + "\(count.grouped) of \(counted(entries.count, "digest")) \(verb)\n"
      + (passes ? "passed" : "failed").emphasized + "\n"
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

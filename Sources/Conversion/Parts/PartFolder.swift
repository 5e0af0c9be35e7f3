import Bytes
import Models
import Synchronization

/// The folder of the finished parts of a conversion.
///
/// The bytes of a part that is written in place are in `.NAME.ingot-PLAN` next to the output NAME.
public struct PartFolder: Sendable {
  /// The plan whose parts it has.
  public let plan: SavedPlan
  let files: PartFiles

  /// The folder `parts` next to the plan, or the one at `path`.
  public init(of plan: SavedPlan, at path: String? = nil) {
    self.plan = plan
    files = PartFiles(of: plan.document, at: path)
  }

  /// Its path.
  public var path: String { files.path }
  /// What tells the unfinished output of this plan from those of others.
  var unfinishedKind: String { files.planName }
  /// The path of the bytes of a part that is a file.
  public func partPath(_ part: Int) -> String { files.partPath(part) }
  /// The path of the manifest of a part.
  public func manifestPath(_ part: Int) -> String { files.manifestPath(part) }
  /// The bytes of a manifest; nil if there is none.
  func manifest(_ part: Int) throws -> [UInt8]? { try files.manifest(part) }

  /// The state of each part, by its manifest and the size of its bytes; the inputs need not be there.
  public func states() throws -> [PartState] {
    try plan.fileByteCounts.indices.map(state)
  }

  private func state(_ part: Int) throws -> PartState {
    guard let manifest = try manifest(part) else { return .missing }
    guard let head = try? PartManifest.head(manifest) else { return .damaged }
    guard head.plan == plan.digest, head.part == part else { return .foreign }
    let files: [(path: String, byteCount: Int)] =
      switch head.place {
      case .file: [(partPath(part), plan.fileByteCounts[part])]
      case .output: plan.outputs(of: part).map { (unfinishedPath(of: $0.path), $0.byteCount) }
      }
    for (path, byteCount) in files {
      guard InputLocation.kind(at: path) == .regular else { return .missing }
      guard try InputLocation.openFile(path).byteCount == byteCount else { return .damaged }
    }
    return .done
  }

  /// Where an output is while its parts are written in place.
  func unfinishedPath(of output: String) -> String { AtomicFile.keptPath(of: output, as: unfinishedKind) }
}

extension ConversionParts {
  /// A part that is done: its manifest and the file with its bytes; nil for a part that is in the output.
  struct Finished: Sendable {
    let manifest: PartManifest
    let file: (any ByteSource)?
  }

  /// Reads a part back as a whole, and compares bytes, errors and inputs with what its manifest says.
  ///
  /// - Throws: errors of reading; what is wrong with a part is its state.
  func finished(_ part: PlanPart, in folder: PartFolder) throws -> (state: PartState, finished: Finished?) {
    guard let bytes = try folder.manifest(part.index) else { return (.missing, nil) }
    let manifest: PartManifest
    do throws(PartManifest.Defect) {
      manifest = try PartManifest(
        bytes, of: part, plan: folder.plan.digest, jobs: plan.jobs(of: part), in: plan)
    } catch {
      return (error == .otherPlan ? .foreign : .damaged, nil)
    }
    var file: (any ByteSource)?
    for (piece, sha256) in zip(part.pieces, manifest.pieces) {
      let output = plan.files[piece.fileIndex]
      let (path, byteCount, range) =
        switch manifest.place {
        case .file: (folder.partPath(part.index), part.fileByteCount, piece.partRange)
        case .output: (folder.unfinishedPath(of: output.path), output.byteCount, piece.range)
        }
      guard InputLocation.kind(at: path) == .regular else { return (.missing, nil) }
      let opened = try InputLocation.openFile(path)
      guard opened.byteCount == byteCount, try FileDigest.sha256(opened, [range]) == sha256 else {
        return (.damaged, nil)
      }
      if manifest.place == .file { file = opened }
    }
    let state = try manifest.reads.state(inputs)
    return (state, state == .done ? Finished(manifest: manifest, file: file) : nil)
  }
}

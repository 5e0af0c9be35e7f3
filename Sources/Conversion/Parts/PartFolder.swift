import Bytes
import Models
import Synchronization

/// The folder of finished parts, two files each: `PLAN-3.part` with the bytes, and `PLAN-3.json` with the manifest.
///
/// PLAN is the beginning of the plan's digest, so that parts of several plans can share a folder.
public struct PartFolder: Sendable {
  /// A manifest of a part with 100,000 slabs has about 20 MB.
  private static let maximumManifestByteCount = 1 << 28

  /// Its path.
  public let path: String
  /// The plan whose parts it has.
  public let plan: SavedPlan

  /// The folder `parts` next to the plan, or the one at `path`.
  public init(of plan: SavedPlan, at path: String? = nil) {
    self.plan = plan
    self.path = path ?? Path.join(Path.folder(of: plan.path), "parts")
  }

  private func name(_ part: Int) -> String { Path.join(path, "\(plan.digest.prefix(16))-\(part)") }
  /// The path of the bytes of a part.
  public func partPath(_ part: Int) -> String { name(part) + ".part" }
  /// The path of its manifest.
  public func manifestPath(_ part: Int) -> String { name(part) + ".json" }

  /// The state of each part, by its manifest and the size of its bytes; the inputs need not be there.
  public func states() throws -> [PartState] {
    try plan.fileByteCounts.indices.map(state)
  }

  private func state(_ part: Int) throws -> PartState {
    guard let manifest = try manifest(part),
      InputLocation.kind(at: partPath(part)) == .regular
    else { return .missing }
    guard let head = try? PartManifest.head(manifest) else { return .damaged }
    guard head.plan == plan.digest, head.part == part else { return .foreign }
    return try InputLocation.openFile(partPath(part)).byteCount == plan.fileByteCounts[part] ? .done : .damaged
  }

  /// The bytes of a manifest; nil if there is none.
  func manifest(_ part: Int) throws -> [UInt8]? {
    let path = manifestPath(part)
    guard InputLocation.kind(at: path) != nil else { return nil }
    return try InputLocation.openFile(path).wholeContent(limit: Self.maximumManifestByteCount)
  }
}

extension ConversionParts {
  /// A part that is done: its manifest and the file with its bytes.
  struct Finished: Sendable {
    let manifest: PartManifest
    let file: any ByteSource
  }

  /// Reads a part back as a whole, and compares bytes, errors and inputs with what its manifest says.
  ///
  /// - Throws: errors of reading; what is wrong with a part is its state.
  func finished(_ part: PlanPart, in folder: PartFolder) throws -> (state: PartState, finished: Finished?) {
    guard let bytes = try folder.manifest(part.index), InputLocation.kind(at: folder.partPath(part.index)) != nil else {
      return (.missing, nil)
    }
    let manifest: PartManifest
    do throws(PartManifest.Defect) {
      manifest = try PartManifest(
        bytes, of: part, plan: folder.plan.digest, jobs: plan.jobs(of: part), in: plan)
    } catch {
      return (error == .otherPlan ? .foreign : .damaged, nil)
    }
    let file = try InputLocation.openFile(folder.partPath(part.index))
    guard file.byteCount == part.fileByteCount else { return (.damaged, nil) }
    for (piece, sha256) in zip(part.pieces, manifest.pieces) {
      guard try FileDigest.sha256(file, [piece.partRange]) == sha256 else { return (.damaged, nil) }
    }
    let known = Set(inputs.map { ExactString($0.path) })
    for read in manifest.reads {
      guard known.contains(ExactString(read.path)) else { return (.damaged, nil) }
      guard try read.isCurrent() else { return (.outdated, nil) }
    }
    return (.done, Finished(manifest: manifest, file: file))
  }
}

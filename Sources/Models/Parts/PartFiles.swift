import Bytes

/// The names of finished parts in a folder: `PLAN-3.part` has the bytes, and `PLAN-3.json` is the manifest.
///
/// PLAN is the beginning of the plan's digest, so that parts of several plans can share a folder.
public struct PartFiles: Sendable {
  /// A manifest of a part with 100,000 slabs has about 20 MB.
  private static let maximumManifestByteCount = 1 << 28

  /// The path of the folder.
  public let path: String
  /// What tells the files of this plan from those of others.
  public let planName: String

  /// The folder `parts` next to the plan, or the one at `path`.
  public init(of plan: PlanDocument, at path: String? = nil) {
    self.path = path ?? Path.join(Path.folder(of: plan.path), "parts")
    planName = String(plan.digest.prefix(16))
  }

  private func name(_ part: Int) -> String { Path.join(path, "\(planName)-\(part)") }
  /// The path of the bytes of a part.
  public func partPath(_ part: Int) -> String { name(part) + ".part" }
  /// The path of its manifest.
  public func manifestPath(_ part: Int) -> String { name(part) + ".json" }

  /// The bytes of a manifest; nil if there is none.
  public func manifest(_ part: Int) throws -> [UInt8]? {
    let path = manifestPath(part)
    guard InputLocation.kind(at: path) != nil else { return nil }
    return try InputLocation.openFile(path).wholeContent(limit: Self.maximumManifestByteCount)
  }
}

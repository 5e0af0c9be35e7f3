import Bytes

/// A saved plan of a measurement.
public struct MeasuringPlan: Sendable {
  /// The name and version of the layout.
  public static let schema = "ingot.measuring/1"

  public let document: PlanDocument
  /// What the items are called, and how many each part has.
  public let itemName: String, itemCounts: [Int]

  /// - Throws: `PartError.notAPlan` if it is none of a measurement.
  public init(_ document: PlanDocument) throws(PartError) {
    guard document.schema == Self.schema else {
      throw .notAPlan(path: document.path, place: "has no schema \(Self.schema)")
    }
    guard let itemName = document.content["items"]?.string, let parts = document.content["parts"]?.array else {
      throw .notAPlan(path: document.path, place: "has no parts")
    }
    itemCounts = parts.compactMap { $0["count"]?.integer }.filter { (0...Self.maximumItemCount).contains($0) }
    guard itemCounts.count == parts.count else {
      throw .notAPlan(path: document.path, place: "has parts without a count")
    }
    self.document = document
    self.itemName = itemName
  }

  /// No text has so many chunks; sums of counts must not overflow.
  private static let maximumItemCount = 1 << 40

  /// Saves the plan of `parts` as a new file, or over another.
  public static func write<Measurement>(
    _ parts: MeasuringParts<Measurement>, to path: String, overwrite policy: OverwritePolicy
  ) throws -> MeasuringPlan {
    try AtomicFile.write(parts.document.encoded(.indented), to: path, overwrite: policy)
    return try MeasuringPlan(PlanDocument(path))
  }
}

/// The folder of the finished parts of a measurement.
public struct MeasuredParts: Sendable {
  public let plan: MeasuringPlan
  public let files: PartFiles

  /// The folder `parts` next to the plan, or the one at `path`.
  public init(of plan: MeasuringPlan, at path: String? = nil) {
    self.plan = plan
    files = PartFiles(of: plan.document, at: path)
  }

  /// What a finished part says of itself.
  struct Manifest {
    static let schema = "ingot.measured/1"

    let plan: String
    let part: Int, byteCount: Int
    let sha256: String
    let reads: [PartRead]

    /// The document, whose last member is the digest of the others.
    var document: JSON {
      let members: JSON.Object = [
        "schema": .string(Self.schema), "plan": .string(plan), "part": .integer(part), "bytes": .integer(byteCount),
        "sha256": .string(sha256), "reads": .array(reads.map(\.json)),
      ]
      return members.sealed
    }
  }

  /// The states of all parts, by their manifests and the sizes of their files.
  public func states() throws -> [PartState] { try plan.itemCounts.indices.map { try manifest($0).state } }

  private func manifest(_ part: Int) throws -> (state: PartState, manifest: Manifest?) {
    guard let bytes = try files.manifest(part), InputLocation.kind(at: files.partPath(part)) == .regular else {
      return (.missing, nil)
    }
    guard let json = JSON(sealed: bytes), json["schema"]?.string == Manifest.schema, let digest = json["plan"]?.string,
      let number = json["part"]?.integer, let byteCount = json["bytes"]?.integer, let sha256 = json["sha256"]?.string,
      let listed = json["reads"]?.array
    else { return (.damaged, nil) }
    guard digest == plan.document.digest, number == part else { return (.foreign, nil) }
    let reads = listed.compactMap(PartRead.init)
    guard reads.count == listed.count, try InputLocation.openFile(files.partPath(part)).byteCount == byteCount else {
      return (.damaged, nil)
    }
    return (
      .done, Manifest(plan: digest, part: part, byteCount: byteCount, sha256: sha256, reads: reads)
    )
  }

  /// Reads a part back, and compares its bytes and inputs with what its manifest says.
  func result(_ part: Int, _ inputs: [PartInput]) throws -> (state: PartState, bytes: [UInt8]?) {
    let (state, found) = try manifest(part)
    guard let manifest = found else { return (state, nil) }
    let bytes = try InputLocation.openFile(files.partPath(part)).wholeContent(limit: .max)
    guard FileDigest.sha256(bytes) == manifest.sha256 else { return (.damaged, nil) }
    let current = try manifest.reads.state(inputs)
    return (current, current == .done ? bytes : nil)
  }
}

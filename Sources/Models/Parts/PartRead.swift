import Bytes

/// A file that a part was made of, and what was read of it.
public struct PartRead: Sendable {
  public let path: String, byteCount: Int
  /// What changes with its content; nil if nothing of the kind is known.
  public let version: String?
  public let ranges: MergedRanges
  /// Nil for a file on a server that names versions, which would have to be read twice.
  public let sha256: String?

  private init(path: String, byteCount: Int, version: String?, ranges: MergedRanges, sha256: String?) {
    self.path = path
    self.byteCount = byteCount
    self.version = version
    self.ranges = ranges
    self.sha256 = sha256
  }

  /// The file in a manifest.
  public var json: JSON {
    .members([
      "path": .string(path), "bytes": .integer(byteCount), "version": version.map { .string($0) } ?? .null,
      "ranges": ranges.json, "sha256": sha256.map { .string($0) } ?? .null,
    ])
  }

  /// Reads such an entry; nil if it is none.
  public init?(_ json: JSON) {
    guard let path = json["path"]?.string, let byteCount = json["bytes"]?.integer, byteCount >= 0,
      let sha256 = json["sha256"], sha256.isNull || sha256.string != nil,
      let ranges = MergedRanges(json: json["ranges"], within: byteCount)
    else { return nil }
    self.init(
      path: path, byteCount: byteCount, version: json["version"]?.string, ranges: ranges, sha256: sha256.string)
  }

  /// What was read of a file.
  public init(_ entry: ReadLog.Entry) throws(FileError) {
    let file = try InputLocation.openFile(entry.path)
    let isTrusted = file.isRemote && file.version != nil
    self.init(
      path: entry.path, byteCount: entry.byteCount, version: file.version, ranges: entry.ranges,
      sha256: isTrusted ? nil : try FileDigest.sha256(file, entry.ranges.ranges))
  }

  /// Whether the file has the same bytes as when it was read: the same size and version, or else the same digest.
  public func isCurrent() throws -> Bool {
    let file = try InputLocation.openFile(path)
    guard file.byteCount == byteCount else { return false }
    if let version, file.version == version { return true }
    return try sha256 != nil && FileDigest.sha256(file, ranges.ranges) == sha256
  }
}

extension [PartRead] {
  /// Whether all files are among `inputs` and have the bytes that were read of them.
  ///
  /// - Returns: `done`, `damaged` for a file that is none of the inputs, or `outdated`.
  public func state(_ inputs: [PartInput]) throws -> PartState {
    let known = Set(inputs.map { ExactString($0.path) })
    for read in self {
      guard known.contains(ExactString(read.path)) else { return .damaged }
      guard try read.isCurrent() else { return .outdated }
    }
    return .done
  }
}

import Bytes
import Models

/// What a finished part says of itself: the digests of its bytes, the errors of encoding, and what it was made of.
struct PartManifest: Sendable {
  /// The name and version of the layout.
  static let schema = "ingot.part/1"

  /// A file that the part was made of.
  struct Read: Sendable {
    let path: String, byteCount: Int
    /// What changes with its content; nil if nothing of the kind is known.
    let version: String?
    let ranges: MergedRanges
    /// Nil for a file on a server that names versions, which would have to be read twice.
    let sha256: String?
  }

  /// The digest of the plan.
  let plan: String
  /// The number of the part.
  let part: Int
  /// The SHA-256 of each piece.
  let pieces: [String]
  let errors: PartErrors
  /// In the order of paths; none in a journal, which says once what all parts were made of.
  let reads: [Read]

  /// Why bytes are no manifest of a part.
  enum Defect: Error { case damaged, otherPlan }

  init(plan: String, part: Int, pieces: [String], errors: PartErrors, reads: [Read]) {
    self.plan = plan
    self.part = part
    self.pieces = pieces
    self.errors = errors
    self.reads = reads
  }

  /// The document, whose last member is the digest of the others.
  var document: JSON {
    var members: JSON.Object = [
      "schema": .string(Self.schema), "plan": .string(plan), "part": .integer(part),
      "pieces": .array(pieces.map(JSON.string)), "errors": errors.record,
    ]
    members["reads"] = .array(
      reads.map { read in
        .members([
          "path": .string(read.path), "bytes": .integer(read.byteCount),
          "version": read.version.map { .string($0) } ?? .null, "ranges": read.ranges.json,
          "sha256": read.sha256.map { .string($0) } ?? .null,
        ])
      })
    members["digest"] = .string(Self.digest(members))
    return .object(members)
  }

  private static func digest(_ members: JSON.Object) -> String {
    FileDigest.sha256(JSON.object(members).encoded(.compact))
  }

  /// The plan and part that a manifest is of, whoever made it.
  static func head(_ bytes: [UInt8]) throws(Defect) -> (document: JSON, plan: String, part: Int) {
    guard let document = try? JSON(parsing: bytes), var members = document.object,
      let digest = members.removeValue(forKey: "digest")?.string, digest == Self.digest(members),
      document["schema"]?.string == schema, let plan = document["plan"]?.string, let part = document["part"]?.integer
    else { throw .damaged }
    return (document, plan, part)
  }

  /// Reads the manifest of a part.
  ///
  /// - Parameter jobs: those of the part, of `conversion`.
  init(
    _ bytes: [UInt8], of part: PlanPart, plan digest: String, jobs: [Job], in conversion: ConversionPlan
  ) throws(Defect) {
    let head = try Self.head(bytes)
    guard head.plan == digest, head.part == part.index else { throw .otherPlan }
    guard let pieces = head.document["pieces"]?.array?.compactMap(\.string), pieces.count == part.pieces.count,
      let errors = PartErrors(jobs, of: conversion, record: head.document["errors"]),
      let listed = head.document["reads"]?.array
    else { throw .damaged }
    let reads = listed.compactMap(Read.init)
    guard reads.count == listed.count else { throw .damaged }
    self.init(plan: digest, part: part.index, pieces: pieces, errors: errors, reads: reads)
  }
}

extension PartManifest.Read {
  fileprivate init?(_ json: JSON) {
    guard let path = json["path"]?.string, let byteCount = json["bytes"]?.integer, byteCount >= 0,
      let sha256 = json["sha256"], sha256.isNull || sha256.string != nil, let pairs = json["ranges"]?.array
    else { return nil }
    var ranges = MergedRanges()
    for pair in pairs {
      guard let numbers = pair.array?.compactMap(\.integer), numbers.count == 2, numbers[0] >= 0, numbers[1] >= 0,
        numbers[0] <= byteCount, numbers[1] <= byteCount - numbers[0]
      else { return nil }
      ranges.insert(numbers[0]..<numbers[0] + numbers[1])
    }
    self.init(
      path: path, byteCount: byteCount, version: json["version"]?.string, ranges: ranges, sha256: sha256.string)
  }

  /// What was read of a file.
  init(_ entry: ReadLog.Entry) throws(FileError) {
    let file = try InputLocation.openFile(entry.path)
    let isTrusted = file.isRemote && file.version != nil
    self.init(
      path: entry.path, byteCount: entry.byteCount, version: file.version, ranges: entry.ranges,
      sha256: isTrusted ? nil : try FileDigest.sha256(file, entry.ranges.ranges))
  }

  /// Whether the file has the same bytes as when it was read: the same size and version, or else the same digest.
  func isCurrent() throws -> Bool {
    let file = try InputLocation.openFile(path)
    guard file.byteCount == byteCount else { return false }
    if let version, file.version == version { return true }
    return try sha256 != nil && FileDigest.sha256(file, ranges.ranges) == sha256
  }
}

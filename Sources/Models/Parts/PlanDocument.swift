import Bytes

/// A saved plan of parts, of which nothing is trusted: whoever works with it derives it again from its command and compares.
public struct PlanDocument: Sendable {
  /// A plan of 40,000 tensors in 1,000 parts has about 20 MB.
  private static let maximumByteCount = 1 << 30

  /// The path, as the user gave it.
  public let path: String
  /// The SHA-256 of the file, which names the job.
  public let digest: String
  /// The name and version of the layout.
  public let schema: String
  /// The version of the program that saved it.
  public let version: String
  /// The command that does the work in one run.
  public let arguments: [String]
  public let content: JSON

  /// Reads the plan at `path`.
  ///
  /// - Throws: `FileError`; `LocatedError` with a `JSONError`; `PartError.notAPlan`.
  public init(_ path: String) throws {
    try self.init(InputLocation.openFile(path).wholeContent(limit: Self.maximumByteCount), at: path)
  }

  /// Reads the plan with these bytes, which are the file at `path`.
  package init(_ bytes: [UInt8], at path: String) throws {
    do {
      content = try JSON(parsing: bytes)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
    func defect(_ place: String) -> PartError { .notAPlan(path: path, place: place) }
    guard let schema = content["schema"]?.string else { throw defect("has no schema") }
    guard let version = content["tool"]?["version"]?.string else { throw defect("names no version") }
    guard let arguments = content["arguments"]?.array?.compactMap(\.string),
      arguments.count == content["arguments"]?.array?.count
    else { throw defect("has no arguments") }
    guard content.encoded(.indented) == bytes else { throw defect("is not spelled as it was saved") }
    self.path = path
    self.schema = schema
    self.version = version
    self.arguments = arguments
    digest = FileDigest.sha256(bytes)
  }

  /// The program, as plans name it.
  public static var tool: JSON { .members(["name": .string(ToolInfo.name), "version": .string(ToolInfo.version)]) }

  /// Throws `PartError.otherVersion` if another version of the program saved it.
  public func requireRunningVersion() throws(PartError) {
    guard version == ToolInfo.version else {
      throw .otherVersion(path: path, planned: version, running: ToolInfo.version)
    }
  }

  /// Throws `PartError.disagrees` with the first place where the plan that was derived again differs.
  public func requireSame(as derived: JSON) throws(PartError) {
    guard content.encoded(.indented) != derived.encoded(.indented) else { return }
    let difference = content.firstDifference(from: derived) ?? ("the plan", "another", "this one")
    throw .disagrees(path: path, place: difference.place, planned: difference.planned, found: difference.found)
  }
}

extension JSON.Object {
  /// The document with these members and, as the last one, the digest of the others.
  public var sealed: JSON {
    var members = self
    members["digest"] = .string(FileDigest.sha256(JSON.object(self).encoded(.compact)))
    return .object(members)
  }
}

extension JSON {
  /// Reads a document whose last member is the digest of the others; nil if it is none.
  public init?(sealed bytes: [UInt8]) {
    guard let document = try? JSON(parsing: bytes), var members = document.object,
      let digest = members.removeValue(forKey: "digest")?.string,
      digest == FileDigest.sha256(JSON.object(members).encoded(.compact))
    else { return nil }
    self = document
  }

  /// The first place where `other` differs, in the order of this value, and both values in short.
  func firstDifference(from other: JSON, at path: String = "") -> (place: String, planned: String, found: String)? {
    if self == other { return nil }
    switch (self, other) {
    case (.object(let mine), .object(let theirs)) where mine.keys == theirs.keys:
      for (key, value) in mine {
        guard let found = theirs[key] else { continue }
        let place = path.isEmpty ? key.text : "\(path).\(key.text)"
        if let difference = value.firstDifference(from: found, at: place) { return difference }
      }
    case (.array(let mine), .array(let theirs)) where mine.count == theirs.count:
      for (index, pair) in zip(mine, theirs).enumerated() {
        if let difference = pair.0.firstDifference(from: pair.1, at: "\(path)[\(index)]") { return difference }
      }
    default: break
    }
    return (path.escapedForDisplay, summary, other.summary)
  }

  /// A short form for messages.
  private var summary: String {
    switch self {
    case .array(let elements): counted(elements.count, "element")
    case .object(let members): counted(members.count, "member")
    case .string(let text): text.quoted
    default: text(.compact)
    }
  }
}

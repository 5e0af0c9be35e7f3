import Bytes

/// A file that planning opened: its size, and the digest of what was read of it, such as its header.
public struct PartInput: Sendable {
  public let path: String, byteCount: Int
  /// What changes with its content; nil if nothing of the kind is known.
  public let version: String?
  /// What was read, and the digest of these bytes.
  public let ranges: MergedRanges, sha256: String

  public init(_ entry: ReadLog.Entry) throws(FileError) {
    (path, byteCount, ranges) = (entry.path, entry.byteCount, entry.ranges)
    let file = try InputLocation.openFile(entry.path)
    version = file.version
    sha256 = try FileDigest.sha256(file, ranges.ranges)
  }

  /// The file in a plan.
  public var json: JSON {
    .members([
      "path": .string(path), "bytes": .integer(byteCount), "planning": ranges.json, "sha256": .string(sha256),
    ])
  }
}

extension MergedRanges {
  /// A list of pairs: offset and bytes.
  public var json: JSON { .array(ranges.map { .array([.integer($0.lowerBound), .integer($0.count)]) }) }

  /// Reads such a list; nil if it is none, or a range is not within `byteCount` bytes.
  public init?(json: JSON?, within byteCount: Int) {
    guard let pairs = json?.array else { return nil }
    var ranges = MergedRanges()
    for pair in pairs {
      guard let numbers = pair.array?.compactMap(\.integer), numbers.count == 2, numbers[0] >= 0, numbers[1] >= 0,
        numbers[0] <= byteCount, numbers[1] <= byteCount - numbers[0]
      else { return nil }
      ranges.insert(numbers[0]..<numbers[0] + numbers[1])
    }
    self = ranges
  }
}

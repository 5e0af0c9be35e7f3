/// Input files that a conversion has deleted, since all that is made of them is on the disk.
///
/// What planning reads of them is kept, so that a conversion that was stopped can be planned again: files opened under this
/// list are found although they are gone.
public final class ConsumedFiles: Sendable {
  @TaskLocal static var current: ConsumedFiles?

  /// A file that is gone.
  public struct Entry: Sendable {
    /// The path with which it was opened, and its size.
    public let path: String, byteCount: Int
    /// What changed with its content, as `ByteSource.version` says.
    public let version: String?
    /// The hexadecimal SHA-256 of the whole file.
    public let sha256: String
    /// The bytes that are kept, and the file that has them one after the other.
    public let ranges: MergedRanges, keptPath: String

    public init(
      path: String, byteCount: Int, version: String?, sha256: String, ranges: MergedRanges, keptPath: String
    ) {
      self.path = path
      self.byteCount = byteCount
      self.version = version
      self.sha256 = sha256
      self.ranges = ranges
      self.keptPath = keptPath
    }
  }

  /// The files, in the order in which they were deleted.
  public let entries: [Entry]
  private let indexByPath: [ExactString: Int]

  public init(_ entries: [Entry]) {
    self.entries = entries
    indexByPath = Dictionary(
      entries.enumerated().map { (ExactString($1.path), $0) }, uniquingKeysWith: { _, last in last })
  }

  /// Runs `body`, which finds the files.
  public func opening<Value>(_ body: () throws -> Value) rethrows -> Value {
    try entries.isEmpty ? body() : Self.$current.withValue(self, operation: body)
  }

  /// The deleted file at `path`; nil if it is none of them, or was put back.
  static func entry(at path: String) -> Entry? {
    guard let files = current, let index = files.indexByPath[ExactString(path)] else { return nil }
    let entry = files.entries[index]
    return FileSystem.byteCount(of: path) == entry.byteCount ? nil : entry
  }

  /// The names of the deleted files in `folder`.
  static func names(in folder: String) -> [String] {
    (current?.entries ?? []).map(\.path).filter { Path.folder(of: $0) == folder }.map { Path.name(of: $0) }
  }
}

/// What is kept of a deleted file.
final class ConsumedFile: ByteSource {
  private let entry: ConsumedFiles.Entry
  private let kept: LocalFile
  /// Records what is read; nil for a file that was opened without a log.
  private let log: ReadLog?

  init(_ entry: ConsumedFiles.Entry) throws(FileError) {
    self.entry = entry
    let log = ReadLog.current
    self.log = log
    let opened = Result { try ReadLog.$current.withValue(nil) { try LocalFile(entry.keptPath) } }
    do {
      kept = try opened.get()
    } catch {
      throw error as? FileError ?? .cannotOpen(path: entry.keptPath, errno: .ioError)
    }
    log?.noteOpened(entry.path, byteCount: entry.byteCount)
  }

  var path: String { entry.path }
  var byteCount: Int { entry.byteCount }
  var recordedVersion: String? { entry.version }
  var sha256: String { entry.sha256 }

  /// Reads kept bytes.
  ///
  /// - Throws: `isConsumed` for any others.
  func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    guard count > 0 else { return }
    log?.noteRead(offset..<offset + count, of: path)
    var start = 0
    for range in entry.ranges.ranges {
      if range.contains(offset), offset + count <= range.upperBound {
        return try kept.read(at: start + offset - range.lowerBound, count: count, into: &buffer, at: position)
      }
      start += range.count
    }
    throw .isConsumed(path: path, offset: offset)
  }

  /// Nothing changes any more.
  func requireUnchanged() {}
}

extension ByteSource {
  /// The SHA-256 of the whole stored file, if it was deleted since nothing more is made of it.
  public var consumedDigest: String? { stored.localFile?.consumedDigest ?? (stored as? ConsumedFile)?.sha256 }
}

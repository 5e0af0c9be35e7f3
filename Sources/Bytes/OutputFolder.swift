/// A local folder that is written to.
public struct OutputFolder: Sendable {
  /// Its path.
  public let path: String

  /// Names the folder at `path`, whether or not it is there.
  public init(_ path: String) { self.path = path }

  /// Whether it is there.
  public var exists: Bool { FileSystem.kind(of: path) == .folder }

  /// Whether nothing is at its path.
  public var isAbsent: Bool { FileSystem.kind(of: path) == nil }

  /// The names in it, sorted by bytes.
  public func names() throws(FileError) -> [String] { try FileSystem.list(path) }

  /// Makes the names in it durable, such as those of folders that were created.
  public func flush() throws(FileError) { try AtomicFile.flushFolder(path) }

  /// Creates it; one that is there already is fine.
  public func create() throws(FileError) { try FileSystem.createFolder(path) }

  /// Whether two paths are the same name in the same folder, links in the folders' paths followed; nothing need be
  /// there.
  public static func isSameEntry(_ first: String, _ second: String) -> Bool {
    Path.name(of: first) == Path.name(of: second)
      && FileSystem.resolved(Path.folder(of: first)) == FileSystem.resolved(Path.folder(of: second))
  }
}

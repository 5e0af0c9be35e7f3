/// A folder of input files that are opened by name, such as a local folder.
///
/// Names are relative to the folder; a `/` in one leads into a folder inside.
public protocol FileTree: Sendable {
  /// The path in messages and reports: for a local folder, as the user gave it.
  var path: String { get }

  /// The names in `folder`, or in the tree's own for `""`, sorted by bytes.
  func names(in folder: String) throws(FileError) -> [String]

  /// The kind of the entry `name`, links followed; nil if there is none.
  func kind(of name: String) -> FileKind?

  /// Opens the regular file `name`.
  func open(_ name: String) throws(FileError) -> any ByteSource

  /// The local folder that this is; nil for any other tree.
  var localFolder: LocalFolder? { get }
}

extension FileTree {
  /// The path of `name` in messages and reports.
  public func path(of name: String) -> String { Path.join(path, name) }

  /// Whether `name` is a regular file.
  public func hasFile(_ name: String) -> Bool { kind(of: name) == .regular }

  public var localFolder: LocalFolder? { nil }

  /// Whether this is the local folder at `path`, links followed.
  public func isFolder(at path: String) -> Bool {
    localFolder.map { FileSystem.isSameFile($0.path, path) } ?? false
  }
}

/// A folder of the local file system.
public struct LocalFolder: FileTree {
  public let path: String

  /// Names the folder at `path`; nothing is read yet.
  public init(_ path: String) { self.path = path }

  public func names(in folder: String) throws(FileError) -> [String] {
    let path = folder.isEmpty ? path : self.path(of: folder)
    let names = try FileSystem.list(path), deleted = ConsumedFiles.names(in: path)
    guard !deleted.isEmpty else { return names }
    return Set((names + deleted).map { ExactString($0) }).sorted().map(\.text)
  }

  public func kind(of name: String) -> FileKind? { Self.kind(at: path(of: name)) }

  public func open(_ name: String) throws(FileError) -> any ByteSource { try Self.open(path(of: name)) }

  /// The kind of what is at `path`, or was until a conversion had no more use for it.
  static func kind(at path: String) -> FileKind? {
    ConsumedFiles.entry(at: path) == nil ? FileSystem.kind(of: path) : .regular
  }

  /// Opens the file at `path`, or what is kept of it.
  static func open(_ path: String) throws(FileError) -> any ByteSource {
    if let entry = ConsumedFiles.entry(at: path) { return try ConsumedFile(entry) }
    return try LocalFile(path)
  }

  public var localFolder: LocalFolder? { self }
}

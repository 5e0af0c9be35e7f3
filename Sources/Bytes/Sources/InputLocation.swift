/// The location of an input: a folder, or a file together with the folder that contains it.
///
/// Compressed files are opened as what they unpack to.
/// This is the only type that turns a path into a source of bytes.
public struct InputLocation: Sendable {
  /// The folder that was named, or that contains the file.
  public let folder: any FileTree
  /// The file that was named; nil if the folder itself was.
  public let file: (any ByteSource)?

  /// A folder, or a file in it.
  public init(folder: any FileTree, file: (any ByteSource)? = nil) {
    self.folder = folder
    self.file = file
  }

  /// Opens what is at `path` in the local file system, or at that address on a server.
  ///
  /// - Throws: `FileError` if nothing is there, or neither a folder nor a regular file.
  public init(_ path: String) throws(FileError) {
    if let address = try RemoteAddress(path) {
      try self.init(address, path: path)
    } else if FileSystem.kind(of: path) == .folder {
      self.init(folder: UnpackedFolder(LocalFolder(path)))
    } else {
      self.init(
        folder: UnpackedFolder(LocalFolder(Path.folder(of: path))), file: try Self.openUnpacked(path))
    }
  }

  /// The path as the user gave it.
  public var path: String { file?.path ?? folder.path }

  /// Returns the folder at `path`, or for a path of anything else the folder that contains it.
  public static func folder(at path: String) -> any FileTree {
    if let address = try? RemoteAddress(path), let folder = try? folder(address, of: path) { return folder }
    return UnpackedFolder(LocalFolder(FileSystem.kind(of: path) == .folder ? path : Path.folder(of: path)))
  }

  /// Opens the file at `path`, local or on a server, as what it unpacks to.
  ///
  /// - Throws: `FileError` if it is not a regular file, or is compressed and damaged.
  public static func openUnpacked(_ path: String) throws(FileError) -> any ByteSource {
    try UnpackedFile.open(openFile(path))
  }

  /// Opens the file at `path`, local or on a server, compressed or not as it is stored.
  ///
  /// - Throws: `FileError` if it is not a regular file.
  public static func openFile(_ path: String) throws(FileError) -> any ByteSource {
    if let address = try RemoteAddress(path) { return try openFile(address, path: path) }
    return try LocalFolder.open(path)
  }

  /// The kind of what is at `path`, links followed; nil for nothing.
  public static func kind(at path: String) -> FileKind? {
    if let address = try? RemoteAddress(path) { return kind(address, of: path) }
    return LocalFolder.kind(at: path)
  }

  /// `path` without links and relative parts, as far as it exists.
  public static func resolved(_ path: String) -> String { FileSystem.resolved(path) }
}

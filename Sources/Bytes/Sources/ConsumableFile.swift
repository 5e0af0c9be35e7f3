import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A local input file that can be deleted when nothing more is made of it.
public struct ConsumableFile: Sendable {
  private let file: LocalFile

  /// Nil for a source that is not a local file as it is stored.
  public init?(_ source: any ByteSource) {
    guard let file = source.localFile else { return nil }
    self.file = file
  }

  public var path: String { file.path }
  public var byteCount: Int { file.byteCount }
  public var source: any ByteSource { file }

  /// Throws unless deleting the file frees its room: it is writable, and has no other name.
  public func requireFreeing() throws(FileError) {
    var facts = stat()
    guard fstat(file.descriptor.rawValue, &facts) == 0 else {
      throw .cannotOpen(path: path, errno: Errno(rawValue: errno))
    }
    guard facts.st_nlink == 1 else { throw .hasOtherNames(path: path, count: Int(facts.st_nlink)) }
    let real = FileSystem.resolved(path)
    guard access(real, W_OK) == 0, access(Path.folder(of: real), W_OK) == 0 else {
      throw .cannotWrite(path: path, errno: Errno(rawValue: errno))
    }
  }

  /// Deletes the file, whose content has the digest `sha256`, and frees its room at once.
  ///
  /// A link at `path` is removed with the file that it leads to.
  public func consume(sha256: String) throws(FileError) {
    file.noteConsumed(sha256: sha256)
    try FileSystem.removeFreeing(path)
  }

  /// Whether the file is on the same device as the folder at `path`.
  public func isOnDevice(of path: String) -> Bool {
    var facts = stat(), other = stat()
    return fstat(file.descriptor.rawValue, &facts) == 0 && stat(path, &other) == 0 && facts.st_dev == other.st_dev
  }
}

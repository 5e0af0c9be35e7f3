import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Bytes written over others inside a file that exists.
public enum FilePatch {
  /// Writes `bytes` at `offset` of the file at `path` and flushes them to the disk.
  ///
  /// Unlike an `AtomicFile`, a failure in the middle leaves the file changed in part: it is for a few bytes that one
  /// write takes. The file keeps its blocks on the disk, its owner and its links.
  public static func write(_ bytes: [UInt8], at offset: Int, to path: String) throws(FileError) {
    do {
      let descriptor = try FileDescriptor.open(FilePath(path), .writeOnly)
      try descriptor.closeAfter {
        _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
    } catch {
      throw .cannotWrite(path: path, errno: (error as? Errno) ?? .ioError)
    }
  }
}

import Bytes

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder of its own for one test, removed with everything in it when the test lets go of it.
public final class TemporaryFolder: Sendable {
  /// The path of the folder.
  public let path: String

  /// Creates an empty folder.
  public init() {
    var template = Array("/tmp/ingot-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp"
    }
  }

  deinit { Self.remove(path) }

  /// The path of `name` in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Writes `bytes` to `name` and returns its path.
  @discardableResult
  public func write(_ bytes: [UInt8], to name: String) throws -> String {
    try AtomicFile.write(bytes, to: file(name), overwrite: .replace)
    return file(name)
  }

  /// The names in the folder.
  public var names: [String] { (try? FileSystem.list(path)) ?? [] }

  private static func remove(_ path: String) {
    var facts = stat()
    guard lstat(path, &facts) == 0 else { return }
    if facts.st_mode & S_IFMT == S_IFDIR {
      for name in (try? FileSystem.list(path)) ?? [] { remove(path + "/" + name) }
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}

extension TemporaryFolder {
  /// Writes `bytes` to `name` without flushing them to the disk, for tests that write thousands of files.
  @discardableResult
  public func writeUnflushed(_ bytes: [UInt8], to name: String) throws -> String {
    guard let stream = fopen(file(name), "w") else { throw FileError.isFolder(path: file(name)) }
    let writtenCount = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, stream) }
    guard fclose(stream) == 0, writtenCount == bytes.count else {
      throw FileError.endsEarly(path: file(name), offset: writtenCount, expected: bytes.count)
    }
    return file(name)
  }
}

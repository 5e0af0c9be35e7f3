import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file without a name for bytes that are read again; the system removes it with the process, however that ends.
final class ScratchFile: Sendable {
  /// Room that is left to others.
  private static let sparedByteCount = 1 << 30

  private let path: String
  private let descriptor: FileDescriptor

  /// Creates it in the folder for temporary files, which `TMPDIR` names; nil if that has no room for `byteCount` bytes.
  init?(byteCount: Int) {
    // /tmp is memory on many systems.
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"
    guard let available = FileSystem.availableByteCount(in: folder), available - Self.sparedByteCount > byteCount else {
      return nil
    }
    let path = TemporaryName.new(for: Path.join(folder, "unpacked"))
    Interrupts.register(path)
    defer { Interrupts.unregister(path) }
    let options: FileDescriptor.OpenOptions = [.create, .exclusiveCreate, .noFollow, .closeOnExec]
    guard
      let descriptor = try? FileDescriptor.open(path, .readWrite, options: options, permissions: .ownerReadWrite)
    else { return nil }
    unlink(path)
    self.path = path
    self.descriptor = descriptor
  }

  deinit { try? descriptor.close() }

  /// Writes `bytes`; returns whether there was room for them.
  func write(_ bytes: RawSpan, at offset: Int) -> Bool {
    bytes.withUnsafeBytes { buffer in
      (try? descriptor.writeAll(toAbsoluteOffset: Int64(offset), buffer)) != nil
    }
  }

  /// Reads the bytes from `offset` on that fill `target`.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(FileError) {
    var done = 0
    while done < target.count {
      let count: Int
      do {
        count = try descriptor.read(
          fromAbsoluteOffset: Int64(offset + done), into: UnsafeMutableRawBufferPointer(rebasing: target[done...]))
      } catch {
        throw .cannotRead(path: path, offset: offset + done, errno: error as? Errno ?? .ioError)
      }
      guard count > 0 else { throw .endsEarly(path: path, offset: offset + done, expected: offset + target.count) }
      done += count
    }
  }
}

extension FilePermissions {
  /// Nobody else may read it.
  fileprivate static let ownerReadWrite = FilePermissions(rawValue: 0o600)
}

import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Whether an existing file may be replaced.
public enum OverwritePolicy: Sendable {
  case refuse
  case replace
}

/// A file that appears under its final name complete or not at all.
///
/// Bytes go to a sibling `.NAME.ingot-PID-RANDOM.partial`. `commit()` flushes it to the disk, renames it over the
/// final name and flushes the folder. Discarding, deinitialising and interrupts remove the temporary. Writes are
/// positional and may come from any thread.
public final class AtomicFile: Sendable {
  /// The name the file will have.
  public let finalPath: String
  /// The name it has until `commit()`.
  public let temporaryPath: String
  private let policy: OverwritePolicy
  private let descriptor: FileDescriptor
  private let isOpen = Mutex(true)

  /// Creates the temporary beside `finalPath`; checks that the final name is free or may be replaced.
  public init(_ finalPath: String, overwrite policy: OverwritePolicy) throws(FileError) {
    try Self.requireFree(finalPath, overwrite: policy)
    self.finalPath = finalPath
    self.policy = policy
    let name =
      ".\(FileSystem.name(of: finalPath)).ingot-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36)).partial"
    temporaryPath = FileSystem.join(FileSystem.folder(of: finalPath), name)
    do {
      descriptor = try FileDescriptor.open(
        temporaryPath, .readWrite, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
        permissions: FilePermissions(rawValue: 0o666))
    } catch {
      throw .cannotCreate(path: finalPath, errno: error as? Errno ?? .ioError)
    }
    Interrupts.register(temporaryPath)
  }

  deinit {
    discard()
  }

  /// Throws unless a file may be written under `path`.
  public static func requireFree(_ path: String, overwrite policy: OverwritePolicy) throws(FileError) {
    switch FileSystem.kind(of: path) {
    case nil: return
    case .folder: throw .isFolder(path: path)
    case .regular where policy == .replace: return
    case .regular: throw .alreadyExists(path: path)
    case .other: throw .alreadyExists(path: path)
    }
  }

  /// Reserves `byteCount` bytes on the disk, so that a full disk is found before the work and not after it.
  public func reserve(_ byteCount: Int) throws(FileError) {
    let folder = FileSystem.folder(of: finalPath)
    if let available = FileSystem.availableByteCount(in: folder), available < byteCount {
      throw .noSpace(path: finalPath, needed: byteCount, available: available)
    }
    guard byteCount > 0 else { return }
    #if canImport(Darwin)
      guard ftruncate(descriptor.rawValue, off_t(byteCount)) == 0 else { throw writeFailure(errno) }
    #else
      let code = posix_fallocate(descriptor.rawValue, 0, off_t(byteCount))
      if code == EOPNOTSUPP || code == EINVAL {
        guard ftruncate(descriptor.rawValue, off_t(byteCount)) == 0 else { throw writeFailure(errno) }
      } else if code != 0 {
        throw writeFailure(code)
      }
    #endif
  }

  /// Writes the whole of `bytes` at `offset`.
  public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do {
        _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), buffer)
      } catch {
        failure = writeFailure((error as? Errno ?? .ioError).rawValue)
      }
    }
    if let failure { throw failure }
  }

  /// Writes the whole of `bytes` at `offset`.
  public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try write(bytes.span.bytes, at: offset)
  }

  /// Copies `count` bytes of `file` from `start` to `offset` of this file, inside the kernel where it can.
  ///
  /// `sendfile` was measured at two to four times the speed of read and write; it writes at a file position, so the
  /// copy opens the temporary a second time. Other systems, and file systems that refuse, go through a buffer.
  public func copy(_ file: InputFile, from start: Int, count: Int, to offset: Int) throws(FileError) {
    var done = 0
    #if os(Linux)
      done = try sendFile(file, from: start, count: count, to: offset)
    #endif
    var slab: [UInt8] = []
    while done < count {
      let step = min(4 << 20, count - done)
      try file.read(at: start + done, count: step, into: &slab)
      try write(slab.span.bytes.extracting(first: step), at: offset + done)
      done += step
    }
  }

  #if os(Linux)
    /// Copies what `sendfile(2)` will take; returns the bytes copied, 0 where it is not supported.
    private func sendFile(_ file: InputFile, from start: Int, count: Int, to offset: Int) throws(FileError) -> Int {
      let target = open(temporaryPath, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
      guard target >= 0 else { return 0 }
      defer { close(target) }
      guard lseek(target, off_t(offset), SEEK_SET) >= 0 else { return 0 }
      var position = off_t(start)
      var done = 0
      while done < count {
        let sent = sendfile(target, file.descriptor.rawValue, &position, min(64 << 20, count - done))
        if sent > 0 {
          done += sent
        } else if sent == 0 {
          throw .endsEarly(path: file.path, offset: start + done, expected: start + count)
        } else if errno == EINTR || errno == EAGAIN {
          continue
        } else if done == 0, errno == EINVAL || errno == ENOSYS {
          return 0
        } else {
          throw writeFailure(errno)
        }
      }
      return done
    }
  #endif

  /// Flushes everything and gives the file its final name.
  public func commit() throws(FileError) {
    guard fsync(descriptor.rawValue) == 0 else { throw writeFailure(errno) }
    if policy == .refuse { try Self.requireFree(finalPath, overwrite: .refuse) }
    guard rename(temporaryPath, finalPath) == 0 else { throw writeFailure(errno) }
    Interrupts.unregister(temporaryPath)
    let isClosed = isOpen.withLock { open -> Bool in
      guard open else { return true }
      open = false
      return close(descriptor.rawValue) == 0
    }
    guard isClosed else { throw writeFailure(errno) }
    try Self.flushFolder(FileSystem.folder(of: finalPath))
  }

  /// Removes the temporary; nothing happens after a commit.
  public func discard() {
    isOpen.withLock { open in
      guard open else { return }
      open = false
      unlink(temporaryPath)
      Interrupts.unregister(temporaryPath)
      close(descriptor.rawValue)
    }
  }

  private func writeFailure(_ code: Int32) -> FileError {
    .cannotWrite(path: finalPath, errno: Errno(rawValue: code))
  }

  /// Makes the rename itself durable.
  private static func flushFolder(_ path: String) throws(FileError) {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .cannotWrite(path: path, errno: Errno(rawValue: errno)) }
    defer { close(folder) }
    // Some file systems cannot flush a folder and say EINVAL; the rename is done all the same.
    guard fsync(folder) == 0 || errno == EINVAL else { throw .cannotWrite(path: path, errno: Errno(rawValue: errno)) }
  }
}

extension AtomicFile {
  /// Writes a small file in one go.
  public static func write(_ bytes: [UInt8], to path: String, overwrite policy: OverwritePolicy) throws(FileError) {
    let file = try AtomicFile(path, overwrite: policy)
    try file.write(bytes, at: 0)
    try file.commit()
  }
}

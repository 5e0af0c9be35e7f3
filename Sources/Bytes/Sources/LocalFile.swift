import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A regular file opened for positional reads from any thread.
///
/// The size is read once, at opening. Files are not memory-mapped: a file that another process truncates gives an error
/// instead of a signal, and only the caller's buffers count as resident memory. Pipes, devices and folders are refused
/// without blocking.
public final class LocalFile: ByteSource {
  public let path: String
  public let byteCount: Int
  let descriptor: FileDescriptor
  private let identity: Identity
  /// Records what is read; nil for a file that was opened without a log.
  private let log: ReadLog?
  private let consumed = Mutex<String?>(nil)

  private struct Identity: Equatable {
    let size: Int
    let seconds: Int
    let nanoseconds: Int
  }

  /// Opens the regular file at `path`.
  public init(_ path: String) throws(FileError) {
    do {
      descriptor = try FileDescriptor.open(
        path, .readOnly, options: [.nonBlocking, .closeOnExec])
    } catch {
      throw .cannotOpen(path: path, errno: error as? Errno ?? .ioError)
    }
    self.path = path
    var facts = stat()
    guard fstat(descriptor.rawValue, &facts) == 0 else {
      let code = Errno(rawValue: errno)
      try? descriptor.close()
      throw .cannotOpen(path: path, errno: code)
    }
    let kind = FileKind(mode: facts.st_mode)
    guard kind == .regular else {
      try? descriptor.close()
      throw .notRegular(path: path, kind: kind)
    }
    identity = Self.identity(facts)
    byteCount = identity.size
    log = ReadLog.current
    log?.noteOpened(path, byteCount: byteCount)
  }

  deinit {
    try? descriptor.close()
  }

  /// Reads with `pread`, which leaves the file position alone.
  public func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    noteRead(offset..<offset + count)
    try buffer.withUnsafeMutableBytes { bytes throws(FileError) in
      let target = UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + count])
      var done = 0
      while done < count {
        let readCount: Int
        do {
          readCount = try descriptor.read(
            fromAbsoluteOffset: Int64(offset + done), into: UnsafeMutableRawBufferPointer(rebasing: target[done...]))
        } catch {
          throw .cannotRead(path: path, offset: offset + done, errno: error as? Errno ?? .ioError)
        }
        guard readCount > 0 else { throw .endsEarly(path: path, offset: offset + done, expected: offset + count) }
        done += readCount
      }
    }
  }

  public var localFile: LocalFile? { self }

  /// Nanoseconds from 1970 to the last change before the opening.
  var changeTime: Int { identity.seconds &* 1_000_000_000 &+ identity.nanoseconds }

  /// Notes bytes that the kernel copies or shares without a read.
  func noteRead(_ range: Range<Int>) { log?.noteRead(range, of: path) }

  /// The SHA-256 of the whole file, if it was deleted as a `ConsumableFile`.
  var consumedDigest: String? { consumed.withLock { $0 } }

  /// Throws unless size and modification time are those of the opening, or the file was deleted as a `ConsumableFile`.
  public func requireUnchanged() throws(FileError) {
    guard consumedDigest == nil else { return }
    var facts = stat()
    guard fstat(descriptor.rawValue, &facts) == 0, Self.identity(facts) == identity else {
      throw .changedWhileReading(path: path)
    }
  }

  /// Notes that the file was deleted, since nothing more is made of it.
  func noteConsumed(sha256: String) { consumed.withLock { $0 = sha256 } }

  private static func identity(_ facts: stat) -> Identity {
    #if canImport(Darwin)
      let time = facts.st_mtimespec
    #else
      let time = facts.st_mtim
    #endif
    return Identity(size: Int(facts.st_size), seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
  }
}

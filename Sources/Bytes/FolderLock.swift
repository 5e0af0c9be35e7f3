import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps other runs from writing a set of files into the same folder, so that two sets never mix.
///
/// The lock is advisory (`flock`), belongs to this process and ends with it, however it ends.
public final class FolderLock: Sendable {
  public enum Contention: Sendable {
    case refuse
    case wait
  }

  private let descriptor: Int32

  /// Locks the folder at `path`. File systems without locks are taken as they are.
  public init(_ path: String, whenTaken contention: Contention) throws(FileError) {
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, errno: Errno(rawValue: errno)) }
    var result: Int32
    repeat {
      result = flock(descriptor, contention == .wait ? LOCK_EX : LOCK_EX | LOCK_NB)
    } while result != 0 && errno == EINTR
    guard result == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw .isBeingWritten(path: path)
    }
  }

  deinit {
    close(descriptor)
  }
}

import Bytes
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A sum that several threads add to.
final class Counter: Sendable {
  private let value = Mutex(0)
  var sum: Int { value.withLock { $0 } }
  func add(_ number: Int) { value.withLock { $0 += number } }
}

extension FileSystem {
  /// Makes a symbolic link.
  static func link(_ target: String, at path: String) -> Bool { symlink(target, path) == 0 }

  /// Appends bytes to an existing file, behind the back of whoever reads it.
  static func append(_ bytes: [UInt8], to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_APPEND)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(descriptor, bytes, bytes.count) == bytes.count
  }
}

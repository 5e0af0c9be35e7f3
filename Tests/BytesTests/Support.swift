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

  /// Where a symbolic link leads; nil for anything else.
  static func resolvedLink(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(path, $0, bytes.count) } ?? 0
    }
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  /// Appends bytes to an existing file, behind the back of whoever reads it.
  static func append(_ bytes: [UInt8], to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_APPEND)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(descriptor, bytes, bytes.count) == bytes.count
  }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A hidden folder for temporary files; it is removed with all claimed files, also after an interrupt.
public final class ScratchFolder {
  public let path: String
  private var claimed: [String] = []

  /// Creates it in `folder`.
  public init(in folder: String) throws(FileError) {
    let random = String(UInt32.random(in: 0 ... .max), radix: 36)
    path = Path.join(folder, ".ingot-\(getpid())-\(random).scratch")
    _ = try Interrupts.createFolder(path)
  }

  /// Says that files at these paths are going to be written in it (or in folders in it, which are claimed first).
  public func claim(_ paths: [String]) {
    for path in paths { Interrupts.register(path) }
    claimed += paths
  }

  deinit {
    for path in claimed.reversed() {
      if unlink(path) != 0 { rmdir(path) }
      Interrupts.unregister(path)
    }
    Interrupts.releaseFolder(path)
  }
}

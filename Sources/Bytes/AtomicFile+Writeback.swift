#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// A file is flushed before it gets its name, because a rename reaches the disk before the data does: after a power loss
// the final name could lead to a file of the right size that is full of zeros. Flushing only
// when everything is written takes long. So the disk starts as soon as some megabytes are there, and the flush finds little left.

extension AtomicFile {
  /// Writes below this are left to the system, which gathers them.
  static let writebackByteCount = 256 << 10

  /// Has the system begin to write `count` bytes at `offset` to the disk, and waits for nothing.
  ///
  /// The result is ignored: only the flush at the end decides whether the data is on the disk.
  func startWriteback(at offset: Int, count: Int) {
    guard count >= Self.writebackByteCount else { return }
    #if os(Linux)
      _ = Self.syncFileRange?(descriptor.rawValue, Int64(offset), Int64(count), Self.syncFileRangeWrite)
    #endif
  }

  #if os(Linux)
    /// `SYNC_FILE_RANGE_WRITE` of linux/fs.h.
    private static let syncFileRangeWrite: UInt32 = 2

    /// `sync_file_range(2)`, which Glibc declares for programs that ask for GNU's extensions, and Swift does not ask.
    private static let syncFileRange = dlsym(nil, "sync_file_range").map {
      unsafeBitCast($0, to: (@convention(c) (Int32, Int64, Int64, UInt32) -> Int32).self)
    }
  #endif
}

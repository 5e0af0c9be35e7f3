#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension AtomicFile {
  /// Reserves `byteCount` bytes on the disk, so that a full disk is found before the work and not after it.
  ///
  /// - Parameter shared: how many of them are there already and stay as they are.
  public func reserve(_ byteCount: Int, shared sharedByteCount: Int = 0) throws(FileError) {
    let needed = byteCount - sharedByteCount - min(byteCount, try keptByteCount(limit: byteCount))
    try Self.requireRoom(needed, for: finalPath)
    guard byteCount > 0 else { return }
    #if canImport(Darwin)
      try setSize(byteCount)
    #else
      var code = EINTR
      while code == EINTR { code = posix_fallocate(descriptor.rawValue, 0, off_t(byteCount)) }
      if code == EOPNOTSUPP || code == EINVAL {
        try setSize(byteCount)
      } else if code != 0 {
        throw writeFailure(code)
      }
    #endif
  }

  /// The bytes that a kept temporary already has on the disk; what is beyond `limit` is cut off.
  private func keptByteCount(limit: Int) throws(FileError) -> Int {
    guard isKept else { return 0 }
    var facts = stat()
    guard fstat(descriptor.rawValue, &facts) == 0 else { throw writeFailure(errno) }
    if facts.st_size > off_t(limit) {
      try setSize(limit)
    }
    return Int(clamping: facts.st_blocks).multipliedReportingOverflow(by: 512).partialValue
  }

  /// Reserves `range` of a file of `byteCount` bytes that other runs write at the same time.
  ///
  /// - Parameter shared: how many bytes of the range are there already and stay as they are.
  public func reserve(_ range: Range<Int>, of byteCount: Int, shared sharedByteCount: Int = 0) throws(FileError) {
    try setSize(byteCount)
    try Self.requireRoom(range.count - sharedByteCount, for: finalPath)
    #if os(Linux)
      // Not posix_fallocate: where the file system has no such call, that one writes zeros over what others write.
      guard !range.isEmpty, let allocate = Self.allocate else { return }
      var code = EINTR
      while code == EINTR {
        code = allocate(descriptor.rawValue, 0, Int64(range.lowerBound), Int64(range.count)) == 0 ? 0 : errno
      }
      if code == ENOSPC || code == EDQUOT || code == EFBIG { throw writeFailure(code) }
    #endif
  }

  #if os(Linux)
    /// `fallocate(2)`, which Glibc declares for programs that ask for GNU's extensions, and Swift does not ask.
    private static let allocate = dlsym(nil, "fallocate").map {
      unsafeBitCast($0, to: (@convention(c) (Int32, Int32, Int64, Int64) -> Int32).self)
    }
  #endif

  /// Throws unless the disk has room for `byteCount` more bytes of the file at `path`.
  public static func requireRoom(_ byteCount: Int, for path: String) throws(FileError) {
    guard let available = FileSystem.availableByteCount(in: Path.folder(of: path)), available < byteCount else {
      return
    }
    throw .noSpace(path: path, needed: byteCount, available: available)
  }

  /// Removes a kept temporary.
  public static func removeKept(_ path: String) { unlink(path) }

  /// Has the system forget what it knows of `range`, which is flushed, so that the next read of it is from the disk.
  public func dropCache(_ range: Range<Int>) {
    #if os(Linux)
      _ = posix_fadvise(descriptor.rawValue, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
    #else
      _ = fcntl(descriptor.rawValue, F_NOCACHE, 1)
    #endif
  }

  /// Gives the file this size; what is new are zeros.
  public func setSize(_ byteCount: Int) throws(FileError) {
    guard ftruncate(descriptor.rawValue, off_t(byteCount)) == 0 else { throw writeFailure(errno) }
  }

  /// Writes zeros at `ranges`.
  public func clear(_ ranges: [Range<Int>]) throws(FileError) {
    for range in ranges {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.clearedByteCount) {
        try write([UInt8](repeating: 0, count: min(Self.clearedByteCount, range.upperBound - start)), at: start)
      }
    }
  }

  private static var clearedByteCount: Int { 1 << 16 }
}

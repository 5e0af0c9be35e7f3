import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension AtomicFile {
  /// Copies `count` bytes of `source` from `start` to `offset` of this file, inside the kernel for a local file.
  ///
  /// `sendfile` was measured at two to four times the speed of read and write; it writes at a file position, so the
  /// copy opens the temporary a second time. Other systems, and file systems that refuse, go through a buffer.
  public func copy(_ source: any ByteSource, from start: Int, count: Int, to offset: Int) throws(FileError) {
    var done = 0
    #if os(Linux)
      if let file = source.localFile { done = try sendFile(file, from: start, count: count, to: offset) }
    #endif
    var slab: [UInt8] = []
    while done < count {
      let step = min(4 << 20, count - done)
      try source.read(at: start + done, count: step, into: &slab)
      try write(slab.span.bytes.extracting(first: step), at: offset + done)
      done += step
    }
  }

  #if os(Linux)
    /// Copies with `sendfile(2)`; returns the bytes copied, 0 if it is not supported.
    private func sendFile(_ file: LocalFile, from start: Int, count: Int, to offset: Int) throws(FileError) -> Int {
      let target = open(temporaryPath, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
      guard target >= 0 else { return 0 }
      defer { close(target) }
      guard lseek(target, off_t(offset), SEEK_SET) >= 0 else { return 0 }
      file.noteRead(start..<start + count)
      var position = off_t(start)
      var done = 0
      while done < count {
        let sent = sendfile(target, file.descriptor.rawValue, &position, min(16 << 20, count - done))
        if sent > 0 {
          startWriteback(at: offset + done, count: sent)
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
}

extension AtomicFile {
  /// Writes a file of `header` and the bytes of `source` from `start` to its end, shared or copied.
  ///
  /// - Throws: also if `source` changed meanwhile; then a file that was at `path` is still there, unchanged.
  public static func write(
    _ header: [UInt8], before source: any ByteSource, from start: Int, to path: String,
    overwrite policy: OverwritePolicy
  ) throws(FileError) {
    let output = try AtomicFile(path, overwrite: policy)
    let count = source.byteCount - start
    let shared = output.share(source, from: start, count: count, to: header.count)
    try output.reserve(header.count + count, shared: shared.count)
    try output.write(header, at: 0)
    for rest in (header.count..<header.count + count).outside(shared) {
      try output.copy(source, from: rest.lowerBound - header.count + start, count: rest.count, to: rest.lowerBound)
    }
    try source.requireUnchanged()
    try output.commit()
  }
}

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
/// The size is read once, at opening. There is no memory mapping: a file that another process truncates then gives
/// an error rather than a signal, and resident memory is what the caller allocated. Pipes, devices and folders are
/// refused without blocking on them.
public final class InputFile: Sendable {
  /// The path as the user named it.
  public let path: String
  /// The size in bytes when the file was opened.
  public let byteCount: Int
  let descriptor: FileDescriptor
  private let identity: Identity

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
  }

  deinit {
    try? descriptor.close()
  }

  /// Fills `buffer` from the file, beginning at byte `offset`.
  public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    var done = 0
    while done < buffer.count {
      let count: Int
      do {
        count = try descriptor.read(
          fromAbsoluteOffset: Int64(offset + done), into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      } catch {
        throw .cannotRead(path: path, offset: offset + done, errno: error as? Errno ?? .ioError)
      }
      guard count > 0 else { throw .endsEarly(path: path, offset: offset + done, expected: offset + buffer.count) }
      done += count
    }
  }

  /// Fills the first `count` bytes of `slab` from byte `offset`; the slab grows if it is smaller.
  public func read(at offset: Int, count: Int, into slab: inout [UInt8]) throws(FileError) {
    if slab.count < count { slab = [UInt8](repeating: 0, count: count) }
    var failure: FileError?
    slab.withUnsafeMutableBytes { buffer in
      do throws(FileError) {
        try read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// Fills `slab` from byte `position` on with pieces that begin `stride` bytes apart in the file, the first at `offset`,
  /// one behind the other; the slab grows if it is smaller.
  public func read(
    pieces pieceCount: Int, of pieceByteCount: Int, at offset: Int, stride: Int, into slab: inout [UInt8],
    at position: Int
  ) throws(FileError) {
    let total = pieceCount * pieceByteCount
    if slab.count < position + total { slab += [UInt8](repeating: 0, count: position + total - slab.count) }
    var failure: FileError?
    slab.withUnsafeMutableBytes { buffer in
      do throws(FileError) {
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[position..<position + total])
        // Pieces that touch are one.
        guard stride != pieceByteCount else { return try read(at: offset, into: target) }
        for index in 0..<pieceCount {
          let piece = target[index * pieceByteCount..<(index + 1) * pieceByteCount]
          try read(at: offset + index * stride, into: UnsafeMutableRawBufferPointer(rebasing: piece))
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// The `count` bytes that begin at `offset`, both checked against the size.
  public func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count >= 0, !overflow, end <= byteCount else {
      throw .endsEarly(path: path, offset: byteCount, expected: overflow ? Int.max : end)
    }
    var bytes: [UInt8] = []
    try read(at: offset, count: count, into: &bytes)
    return bytes
  }

  /// The whole file, refused above `limit` bytes.
  public func wholeContent(limit: Int) throws -> [UInt8] {
    guard byteCount <= limit else { throw ContentTooLarge(path: path, byteCount: byteCount, limit: limit) }
    return try bytes(at: 0, count: byteCount)
  }

  /// Throws if size or modification time are no longer those of the opening.
  public func requireUnchanged() throws(FileError) {
    var facts = stat()
    guard fstat(descriptor.rawValue, &facts) == 0, Self.identity(facts) == identity else {
      throw .changedWhileReading(path: path)
    }
  }

  private static func identity(_ facts: stat) -> Identity {
    #if canImport(Darwin)
      let time = facts.st_mtimespec
    #else
      let time = facts.st_mtim
    #endif
    return Identity(size: Int(facts.st_size), seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
  }
}

/// A file that is read whole into memory is larger than its kind may be.
public struct ContentTooLarge: IngotError {
  /// The file, its size, and the limit in bytes.
  public let path: String, byteCount: Int, limit: Int
  public var category: ErrorCategory { .input }
  public var description: String {
    "\(path.escapedForDisplay): has \(byteCount.grouped) bytes but files of this kind may have \(limit.grouped)"
  }
}

extension ByteSource {
  /// Whether this is the local file at `path`, or the content of it, links followed.
  public func isFile(at path: String) -> Bool { stored.localFile.map { FileSystem.isSameFile($0.path, path) } ?? false }

  /// The path that opens a file with exactly these bytes; nil for any other source.
  public var plainPath: String? { localFile?.path ?? (self as? RemoteFile)?.path ?? (self as? ConsumedFile)?.path }

  /// What changes with the content of the stored file: the time of the last change in nanoseconds from 1970, or the tag that a
  /// server gives; nil where neither is known.
  public var version: String? {
    stored.localFile.map { "\($0.changeTime)" } ?? (stored as? RemoteFile)?.entityTag
      ?? (stored as? ConsumedFile)?.recordedVersion
  }

  /// Whether the stored file is on a server.
  public var isRemote: Bool { stored is RemoteFile }

  /// Reads `count` bytes from `offset` on into the first bytes of `slab`, which grows if it is smaller.
  public func read(at offset: Int, count: Int, into slab: inout [UInt8]) throws(FileError) {
    if slab.count < count { slab = [UInt8](repeating: 0, count: count) }
    var span = slab.mutableSpan
    var bytes = span.mutableBytes
    try read(at: offset, count: count, into: &bytes, at: 0)
  }

  /// Reads `ranges` into `slab` from byte `position` of it on; the slab grows if it is smaller.
  public func read(_ ranges: StridedRanges, into slab: inout [UInt8], at position: Int) throws(FileError) {
    let end = position + ranges.totalByteCount
    if slab.count < end { slab += [UInt8](repeating: 0, count: end - slab.count) }
    var span = slab.mutableSpan
    var bytes = span.mutableBytes
    try read(ranges, into: &bytes, at: position)
  }

  /// Returns the `count` bytes from `offset` on, both checked against the size.
  public func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count >= 0, !overflow, end <= byteCount else {
      throw .endsEarly(path: path, offset: byteCount, expected: overflow ? Int.max : end)
    }
    var bytes: [UInt8] = []
    try read(at: offset, count: count, into: &bytes)
    return bytes
  }

  /// Returns all bytes.
  ///
  /// - Throws: `ContentTooLarge` for more than `limit` bytes.
  public func wholeContent(limit: Int) throws -> [UInt8] {
    guard byteCount <= limit else { throw ContentTooLarge(path: path, byteCount: byteCount, limit: limit) }
    return try bytes(at: 0, count: byteCount)
  }

  /// Returns the `count` little-endian 32-bit floats from byte `offset` on, both checked against the size.
  public func floats(at offset: Int, count: Int) throws(FileError) -> [Float] {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.size)
    guard offset >= 0, count >= 0, !overflow, byteCount <= self.byteCount - min(offset, self.byteCount) else {
      throw .endsEarly(path: path, offset: self.byteCount, expected: overflow ? Int.max : offset &+ byteCount)
    }
    var values = [Float](repeating: 0, count: count)
    var span = values.mutableSpan
    var bytes = span.mutableBytes
    try read(at: offset, count: byteCount, into: &bytes, at: 0)
    #if _endian(big)
      for index in values.indices { values[index] = Float(bitPattern: UInt32(littleEndian: values[index].bitPattern)) }
    #endif
    return values
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

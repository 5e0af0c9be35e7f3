/// Bytes that can be read at any offset, such as a local file.
///
/// Everything above `Bytes` reads its input through this protocol. Reads may come from any thread.
public protocol ByteSource: Sendable {
  /// The path in messages and reports: for a local file, as the user gave it.
  var path: String { get }
  /// The last component of `path`; for the content of a compressed file without the ending for that.
  var name: String { get }
  /// The size in bytes when the source was opened.
  var byteCount: Int { get }

  /// Reads `count` bytes from byte `offset` on into `buffer`, from byte `position` of it on.
  ///
  /// - Throws: if the source cannot be read, or ends before `count` bytes.
  func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError)

  /// Reads byte ranges that begin `stride` bytes apart, one after the other into `buffer` from byte `position` of it on.
  ///
  /// The default reads range by range; a source with slow requests can join them.
  func read(_ ranges: StridedRanges, into buffer: inout MutableRawSpan, at position: Int) throws(FileError)

  /// Throws `FileError.changedWhileReading` unless the source still has the bytes that it had when it was opened.
  func requireUnchanged() throws(FileError)

  /// The source whose bytes are stored: itself, or for the content of a compressed file that file. Digests are of these.
  var stored: any ByteSource { get }

  /// The local file with exactly these bytes, for copies inside the kernel; nil where every byte must be read.
  var localFile: LocalFile? { get }

  /// The files that store the bytes: this one, or those that they are unpacked or gathered from.
  var storedFiles: [any ByteSource] { get }

  /// Whether bytes come from the local file at `path`, links followed, which therefore must not be replaced.
  func isFile(at path: String) -> Bool
}

/// Byte ranges of one length at equal distances.
public struct StridedRanges: Hashable, Sendable {
  /// The number of ranges.
  public let count: Int
  /// The bytes of each.
  public let byteCount: Int
  /// The offset of the first.
  public let offset: Int
  /// The bytes from the start of one range to the start of the next.
  public let stride: Int

  public init(count: Int, byteCount: Int, offset: Int, stride: Int) {
    self.count = count
    self.byteCount = byteCount
    self.offset = offset
    self.stride = stride
  }

  /// The bytes of all ranges together.
  public var totalByteCount: Int { count * byteCount }
}

extension ByteSource {
  public var name: String { Path.name(of: path) }

  public var stored: any ByteSource { self }

  public var localFile: LocalFile? { nil }

  public var storedFiles: [any ByteSource] { [self] }

  public func read(
    _ ranges: StridedRanges, into buffer: inout MutableRawSpan, at position: Int
  ) throws(FileError) {
    try readEach(ranges, into: &buffer, at: position)
  }

  /// Reads range by range.
  func readEach(_ ranges: StridedRanges, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    // Adjacent ranges are one.
    guard ranges.stride != ranges.byteCount else {
      return try read(at: ranges.offset, count: ranges.totalByteCount, into: &buffer, at: position)
    }
    for index in 0..<ranges.count {
      try read(
        at: ranges.offset + index * ranges.stride, count: ranges.byteCount, into: &buffer,
        at: position + index * ranges.byteCount)
    }
  }
}

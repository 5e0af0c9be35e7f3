/// Bytes that can be read at any offset, such as a local file.
///
/// Everything above `Bytes` reads its input through this protocol. Reads may come from any thread.
public protocol ByteSource: Sendable {
  /// The path in messages and reports: for a local file, as the user gave it.
  var path: String { get }
  /// The last component of `path`.
  var name: String { get }
  /// The size in bytes when the source was opened.
  var byteCount: Int { get }

  /// Reads `count` bytes from byte `offset` on into `buffer`, from byte `position` of it on.
  ///
  /// - Throws: if the source cannot be read, or ends before `count` bytes.
  func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError)

  /// Reads pieces that begin `stride` bytes apart, one after the other into `buffer` from byte `position` of it on.
  ///
  /// The default reads piece by piece; a source with slow requests can join them.
  func read(_ pieces: StridedPieces, into buffer: inout MutableRawSpan, at position: Int) throws(FileError)

  /// Throws `FileError.changedWhileReading` unless the source still has the bytes that it had when it was opened.
  func requireUnchanged() throws(FileError)

  /// The local file with exactly these bytes, for copies inside the kernel; nil where every byte must be read.
  var localFile: LocalFile? { get }
}

/// Byte ranges of one length at equal distances.
public struct StridedPieces: Hashable, Sendable {
  /// The number of pieces.
  public let count: Int
  /// The bytes of each.
  public let byteCount: Int
  /// The offset of the first.
  public let offset: Int
  /// The bytes from the start of one piece to the start of the next.
  public let stride: Int

  public init(count: Int, byteCount: Int, offset: Int, stride: Int) {
    self.count = count
    self.byteCount = byteCount
    self.offset = offset
    self.stride = stride
  }

  /// The bytes of all pieces together.
  public var totalByteCount: Int { count * byteCount }
}

extension ByteSource {
  public var name: String { Path.name(of: path) }

  public var localFile: LocalFile? { nil }

  public func read(
    _ pieces: StridedPieces, into buffer: inout MutableRawSpan, at position: Int
  ) throws(FileError) {
    // Adjacent pieces are one range.
    guard pieces.stride != pieces.byteCount else {
      return try read(at: pieces.offset, count: pieces.totalByteCount, into: &buffer, at: position)
    }
    for index in 0..<pieces.count {
      try read(
        at: pieces.offset + index * pieces.stride, count: pieces.byteCount, into: &buffer,
        at: position + index * pieces.byteCount)
    }
  }
}

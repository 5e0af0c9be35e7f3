/// The bytes that a deflate stream within another source inflates to: a zip member, a zlib stream, a gzip file.
///
/// Nothing is inflated before it is read, and memory is bounded for any size. The stream must inflate to exactly the stated
/// bytes: reading the last of them checks the end of the stream and the sums.
public final class InflatedSource: ByteSource {
  public let path: String
  private let base: any ByteSource
  private let content: DecodedStream

  /// The deflate stream in the bytes `range` of `base`.
  ///
  /// - Parameters:
  ///   - range: bytes of `base` that have been compared with its size.
  ///   - byteCount: the size that is stated for the inflated bytes.
  ///   - crc32: the CRC-32 that is stated for them, if it is outside of the stream.
  ///   - path: the name in messages, such as `model.bin:archive/data/0`.
  public init(
    _ base: any ByteSource, range: Range<Int>, frame: DeflateFrame = .raw, byteCount: Int, crc32: UInt32? = nil,
    path: String
  ) {
    self.path = path
    self.base = base
    content = DecodedStream(path: path, byteCount: byteCount, crc32: crc32) { () throws(FileError) in
      try Inflater(base, range: range, frame: frame, path: path)
    }
  }

  public var byteCount: Int { content.byteCount }

  public func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    try buffer.withUnsafeMutableBytes { bytes throws(FileError) in
      try content.read(
        at: offset, count: count, into: UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + count]))
    }
  }

  /// Inflates everything that was not read yet, and so checks the size and all sums.
  public func verify() throws(FileError) { try content.verify() }

  public func requireUnchanged() throws(FileError) { try base.requireUnchanged() }

  public var storedFiles: [any ByteSource] { base.storedFiles }
}

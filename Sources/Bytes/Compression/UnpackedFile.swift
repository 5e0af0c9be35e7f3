/// The content of a gzip or zstd file, read at any offset as if it were unpacked.
///
/// A zstd file of frames up to 16 MiB, as the seekable form has them, is decoded frame by frame, by several threads at
/// once. Any other is decoded forward; see `DecodedStream` for reads that go back. A zstd file states its size, and only
/// headers are read to open it; a gzip file is unpacked once when it is opened, since it does not. Memory is bounded for
/// any size.
public final class UnpackedFile: ByteSource {
  /// The path of the compressed file.
  public let path: String
  /// The name that it has unpacked: `model.gguf` of `model.gguf.zst`.
  public let name: String
  public let stored: any ByteSource
  /// How it is compressed: `zstd, 12 frames`; nil if only its name says that it is.
  public let compression: String?
  private let content: Content

  private enum Content {
    case plain
    case stream(DecodedStream)
    case frames(ZstdFrameReader)
  }

  /// Returns the content of `file` if it is compressed; any other file as it is, without the ending of its name.
  ///
  /// - Throws: `FileError.compressed` if it is damaged as far as that is seen here, or needs what is not supported.
  public static func open(_ file: any ByteSource) throws(FileError) -> any ByteSource {
    switch try Compression(file) {
    // Programs that fetch files may unpack them and keep the name.
    case nil: Compression.ending(file.name) == nil ? file : UnpackedFile(file, .plain, nil)
    case .gzip: try gzip(file)
    case .zstd: try zstd(file)
    }
  }

  private init(_ file: any ByteSource, _ content: Content, _ compression: String?) {
    path = file.path
    name = Compression.unpackedName(file.name)
    stored = file
    self.content = content
    self.compression = compression
  }

  private static func gzip(_ file: any ByteSource) throws(FileError) -> UnpackedFile {
    let range = 0..<file.byteCount
    let decoder = try Inflater(file, range: range, frame: .gzip, path: file.path)
    let byteCount = try DecodedStream.measure(path: file.path, storedByteCount: file.byteCount, decoder: decoder)
    let stream = DecodedStream(path: file.path, byteCount: byteCount) { () throws(FileError) in
      try Inflater(file, range: range, frame: .gzip, path: file.path)
    }
    return UnpackedFile(file, .stream(stream), "gzip")
  }

  private static func zstd(_ file: any ByteSource) throws(FileError) -> UnpackedFile {
    if let table = try ZstdSeekTable.read(file), table.isOfSmallFrames {
      return UnpackedFile(file, .frames(ZstdFrameReader(file, table)), "zstd, \(counted(table.count, "frame"))")
    }
    let walk = try ZstdFrameWalk(file)
    if walk.statesSizes, walk.table.isOfSmallFrames {
      let words = "zstd, \(counted(walk.table.count, "frame"))"
      return UnpackedFile(file, .frames(ZstdFrameReader(file, walk.table)), words)
    }
    var byteCount = walk.table.byteCount
    if !walk.statesSizes {
      byteCount = try DecodedStream.measure(
        path: file.path, storedByteCount: file.byteCount, decoder: ZstdDecoder(file))
    }
    let stream = DecodedStream(
      path: file.path, byteCount: byteCount, decoderByteCount: walk.windowByteCount + ZstdDecoder.inputByteCount
    ) { () throws(FileError) in try ZstdDecoder(file) }
    return UnpackedFile(file, .stream(stream), "zstd, one stream")
  }

  public var byteCount: Int {
    switch content {
    case .plain: stored.byteCount
    case .stream(let stream): stream.byteCount
    case .frames(let reader): reader.table.byteCount
    }
  }

  public func read(at offset: Int, count: Int, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    if case .plain = content { return try stored.read(at: offset, count: count, into: &buffer, at: position) }
    try buffer.withUnsafeMutableBytes { bytes throws(FileError) in
      let target = UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + count])
      switch content {
      case .plain: return
      case .stream(let stream): try stream.read(at: offset, count: count, into: target)
      case .frames(let reader): try reader.read(at: offset, count: count, into: target)
      }
    }
  }

  public func requireUnchanged() throws(FileError) { try stored.requireUnchanged() }

  public var localFile: LocalFile? { if case .plain = content { stored.localFile } else { nil } }
}

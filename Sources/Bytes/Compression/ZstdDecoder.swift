import CZstd

/// Decodes the frames of a zstd file one after the other, in bounded memory for frames of any size.
final class ZstdDecoder: StreamDecoder {
  /// Compressed bytes that are read at a time: what the library recommends.
  static let inputByteCount = 128 << 10

  private let file: any ByteSource
  private let context: OpaquePointer
  private var input: [UInt8] = []
  private var unread = 0..<0
  /// The offset in the file after the bytes of `input`.
  private var inputEnd = 0
  /// Whether the last frame that was begun is complete.
  private var isBetweenFrames = true

  init(_ file: any ByteSource) throws(FileError) {
    self.file = file
    guard let context = ZSTD_createDCtx() else {
      throw .compressed(path: file.path, .outOfMemory(stream: "zstd"))
    }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  func restart() throws(FileError) {
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    unread = 0..<0
    inputEnd = 0
    isBetweenFrames = true
  }

  func decode(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count {
      if unread.isEmpty { try readInput() }
      // The library may still have bytes when all input is read, but not between frames.
      if unread.isEmpty, isBetweenFrames { return done }
      let (result, consumed, produced) = step(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
      guard ZSTD_isError(result) == 0 else { throw fault(result) }
      if unread.isEmpty, produced == 0, result != 0 {
        throw .compressed(path: file.path, .truncated(stream: "zstd", offset: inputEnd))
      }
      unread = unread.lowerBound + consumed..<unread.upperBound
      done += produced
      isBetweenFrames = result == 0
    }
    return done
  }

  private func step(into buffer: UnsafeMutableRawBufferPointer) -> (result: Int, consumed: Int, produced: Int) {
    input.withUnsafeBytes { bytes in
      let source = UnsafeRawBufferPointer(rebasing: bytes[unread])
      var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
      var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
      let result = ZSTD_decompressStream(context, &output, &input)
      return (result, input.pos, output.pos)
    }
  }

  private func readInput() throws(FileError) {
    let count = min(Self.inputByteCount, file.byteCount - inputEnd)
    guard count > 0 else { return }
    try file.read(at: inputEnd, count: count, into: &input)
    unread = 0..<count
    inputEnd += count
  }

  private func fault(_ result: Int) -> FileError {
    .compressed(
      path: file.path,
      .invalid(stream: "zstd", offset: inputEnd - unread.count, reason: ZstdFault.wording(result)))
  }
}

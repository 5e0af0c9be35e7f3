import CZstd
import Synchronization

// The output is cut into frames of 1 MiB, at the same offsets for any number of threads, and a context of its own
// compresses each frame. So the bytes depend on the content, the level and the version of zstd alone.
//
//   output  ├────────────┬────────────┬────────────┬───────     frames of 1 MiB
//           ├ window ────────────────────┤                      jobs of several threads write into it
//                                     ├ rest ┤                  is the head of the next window
//
// Weights have no matches at a distance: frames of 1 MiB are as small as one of the whole file (Benchmarks/compare_with_zstd.py).

/// Writes a file in the seekable form of zstd, from its start to its end, in bounded memory.
public final class SeekableZstdWriter {
  /// The content of a frame; the last one can have less.
  public static let frameByteCount = 1 << 20
  /// The levels of zstd.
  public static let levels = 1...22
  public static let defaultLevel = 3

  /// The bytes of content that are gathered before they are compressed: several frames for each thread.
  public let batchByteCount: Int

  private let file: AtomicFile
  private let byteCount: Int
  private let level: Int
  private let threads: Int
  /// The offset of the first byte that is not compressed, and the bytes from there on that are known.
  private var position = 0
  private var rest: [UInt8]
  private var storedByteCount = 0
  /// The entries of the table so far.
  private var entries: [UInt8] = []
  private var frameCount = 0
  /// The memory of the window, and of the frames of one batch.
  private var windowMemory = ReusedMemory(byteCount: 0)
  private var frameMemory: [ReusedMemory] = []

  /// Starts a file whose content has `byteCount` bytes and begins with `header`.
  public init(_ file: AtomicFile, header: [UInt8], byteCount: Int, level: Int, threads: Int) {
    self.file = file
    self.byteCount = byteCount
    self.level = level
    self.threads = threads
    rest = header
    batchByteCount = min(max(16, 4 * threads), 48) << 20
  }

  /// Returns the window for everything up to `end`: what is to be written before `compress` is called with it.
  ///
  /// The windows before are of no use any more.
  public func window(through end: Int) -> OutputWindow {
    let end = min(byteCount, max(end, position + rest.count))
    if windowMemory.byteCount < end - position {
      windowMemory = ReusedMemory(byteCount: max(end - position, batchByteCount + 2 * Self.frameByteCount))
    }
    return OutputWindow(position..<end, of: file.finalPath, head: rest, in: windowMemory)
  }

  /// Compresses the whole frames of `window` and writes them.
  public func compress(_ window: OutputWindow) throws {
    let isLast = window.start + window.count == byteCount
    let size = Self.frameByteCount, count = isLast ? (window.count + size - 1) / size : window.count / size
    let frames = memory(ofFrames: count)
    let byteCounts = Mutex([Int](repeating: 0, count: count))
    let level = level, path = file.finalPath
    try Parallel.forEach(count, threads: threads) { index in
      let content = window.bytes(index * size..<min(window.count, (index + 1) * size))
      guard let byteCount = Self.compress(content, level: level, into: frames[index]) else {
        throw FileError.compressed(path: path, .outOfMemory(stream: "zstd"))
      }
      byteCounts.withLock { $0[index] = byteCount }
    }
    for (index, byteCount) in byteCounts.withLock({ $0 }).enumerated() {
      let frame = frames[index].prefix(byteCount)
      try file.write(frame.bytes, at: storedByteCount)
      storedByteCount += byteCount
      entries += ZstdSeekTable.entry(
        storedByteCount: byteCount, byteCount: min(size, window.count - index * size), checksum: frame.suffix(4))
      frameCount += 1
    }
    let done = min(window.count, count * size)
    position = window.start + done
    rest = Array(window.bytes(done..<window.count))
  }

  /// Compresses what is left, of which nothing but zeros is to be written, and writes the table of frames.
  public func finish() throws {
    if position < byteCount { try compress(window(through: byteCount)) }
    let table = ZstdSeekTable.frame(entries: entries, frameCount: frameCount)
    try file.write(table, at: storedByteCount)
  }

  /// Returns memory for `count` frames of any content.
  private func memory(ofFrames count: Int) -> [ReusedMemory] {
    while frameMemory.count < count {
      frameMemory.append(ReusedMemory(byteCount: ZSTD_compressBound(Self.frameByteCount)))
    }
    return frameMemory
  }

  /// Compresses one frame, with its size and a checksum; returns its bytes, nil without memory.
  private static func compress(_ content: UnsafeRawBufferPointer, level: Int, into frame: ReusedMemory) -> Int? {
    // A context that was used before may find other matches in its tables.
    guard let context = ZSTD_createCCtx() else { return nil }
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    let target = frame.prefix(frame.byteCount)
    let result = ZSTD_compress2(context, target.baseAddress, target.count, content.baseAddress, content.count)
    return ZSTD_isError(result) == 0 ? result : nil
  }
}

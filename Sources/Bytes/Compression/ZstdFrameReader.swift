import CZstd
import Synchronization

/// Reads a zstd file of small independent frames at any offset; threads decode different frames at once.
final class ZstdFrameReader: Sendable {
  let table: ZstdFrameTable
  private let file: any ByteSource
  private let cache = FrameCache.shared
  private let identifier = FrameCache.newIdentifier()

  init(_ file: any ByteSource, _ table: ZstdFrameTable) {
    self.file = file
    self.table = table
  }

  deinit { cache.forget(identifier) }

  func read(at offset: Int, count: Int, into target: UnsafeMutableRawBufferPointer) throws(FileError) {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count >= 0, !overflow, end <= table.byteCount else {
      throw .endsEarly(path: file.path, offset: table.byteCount, expected: overflow ? Int.max : end)
    }
    var done = 0
    while done < count {
      let index = table.index(of: offset + done), entry = table[index]
      let start = offset + done - entry.content.lowerBound
      let step = min(entry.content.count - start, count - done)
      let part = UnsafeMutableRawBufferPointer(rebasing: target[done..<done + step])
      if let frame = cache.frame(index, of: identifier, entry.content.count, ifNew: step < entry.content.count) {
        try frame.content.withLock { bytes throws(FileError) in
          if bytes.isEmpty { bytes = try decoded(entry) }
          bytes.withUnsafeBytes {
            part.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + step]))
          }
        }
      } else {
        // The whole frame is wanted, and most likely by nobody else.
        try decode(entry, into: part)
      }
      done += step
    }
  }

  private func decoded(_ entry: ZstdFrameTable.Entry) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: entry.content.count)
    var span = bytes.mutableSpan
    var buffer = span.mutableBytes
    try buffer.withUnsafeMutableBytes { buffer throws(FileError) in try decode(entry, into: buffer) }
    return bytes
  }

  private func decode(_ entry: ZstdFrameTable.Entry, into target: UnsafeMutableRawBufferPointer) throws(FileError) {
    let byteCount = entry.stored.count + entry.content.count
    guard byteCount > Self.gatedByteCount else { return try decodeNow(entry, into: target) }
    let gate = Self.gates[(entry.content.lowerBound / max(1, entry.content.count)) % Self.gates.count]
    try gate.lock.withLock { _ throws(FileError) in try decodeNow(entry, into: target) }
  }

  /// Frames that take more memory than this are decoded by as many threads at once as there are gates, for any number
  /// of threads.
  private static let gatedByteCount = 6 << 20
  private static let gates = [Gate(), Gate()]

  private final class Gate: Sendable { let lock = Mutex(()) }

  private func decodeNow(
    _ entry: ZstdFrameTable.Entry, into target: UnsafeMutableRawBufferPointer
  ) throws(FileError) {
    func fault(_ fault: CompressionFault) -> FileError { .compressed(path: file.path, fault) }
    guard let context = ZSTD_createDCtx() else { throw fault(.outOfMemory(stream: "zstd")) }
    defer { ZSTD_freeDCtx(context) }
    let stored = try file.bytes(at: entry.stored.lowerBound, count: entry.stored.count)
    let (result, dictionary) = stored.withUnsafeBytes { bytes in
      (
        ZSTD_decompressDCtx(context, target.baseAddress, target.count, bytes.baseAddress, bytes.count),
        ZSTD_getDictID_fromFrame(bytes.baseAddress, bytes.count)
      )
    }
    guard ZSTD_isError(result) != 0 else {
      guard result == target.count else { throw fault(.endsBefore(stated: target.count, found: result)) }
      return
    }
    guard dictionary == 0 else { throw fault(.needsDictionary(dictionary)) }
    throw fault(
      .invalid(stream: "zstd", offset: entry.stored.lowerBound, reason: ZstdFault.wording(result)))
  }
}

/// The frames that were decoded last, of all files.
final class FrameCache: Sendable {
  static let shared = FrameCache()
  /// The bytes of all frames: enough for the frames at both ends of what each thread reads, and for any machine.
  static let byteLimit = min(96, max(24, 3 * Parallel.coreCount)) << 20

  /// A decoded frame; empty until the first thread that wants it has decoded it.
  final class Frame: Sendable {
    fileprivate let file: Int, index: Int, byteCount: Int
    let content = Mutex<[UInt8]>([])

    fileprivate init(_ file: Int, _ index: Int, _ byteCount: Int) {
      self.file = file
      self.index = index
      self.byteCount = byteCount
    }
  }

  /// The one used last is last.
  private let frames = Mutex<[Frame]>([])
  private static let identifiers = Atomic<Int>(0)

  /// A number for a file, by which its frames are found.
  static func newIdentifier() -> Int { identifiers.wrappingAdd(1, ordering: .relaxed).newValue }

  /// Returns frame `index` of a file, which has `byteCount` bytes.
  ///
  /// - Parameter isAdded: whether a frame that is not there is added; otherwise nil is returned.
  func frame(_ index: Int, of file: Int, _ byteCount: Int, ifNew isAdded: Bool) -> Frame? {
    frames.withLock { frames in
      if let found = frames.lastIndex(where: { $0.index == index && $0.file == file }) {
        let frame = frames.remove(at: found)
        frames.append(frame)
        return frame
      }
      guard isAdded else { return nil }
      let frame = Frame(file, index, byteCount)
      frames.append(frame)
      var sum = frames.reduce(0) { $0 + $1.byteCount }
      while sum > Self.byteLimit, frames.count > 1 { sum -= frames.removeFirst().byteCount }
      return frame
    }
  }

  /// Forgets the frames of a file.
  func forget(_ file: Int) { frames.withLock { $0.removeAll { $0.file == file } } }
}

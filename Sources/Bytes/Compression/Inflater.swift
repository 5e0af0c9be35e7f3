import CZlib

/// The frame around a deflate stream.
public enum DeflateFrame: String, Sendable {
  /// None, as in a zip member.
  case raw = "deflate"
  /// RFC 1950: two bytes before, Adler-32 after.
  case zlib
  /// RFC 1952: a header before, CRC-32 and length after; several members may follow each other.
  case gzip

  /// zlib's parameter of this name, with windows of at most 32 KiB.
  var windowBits: Int32 {
    switch self {
    case .raw: -15
    case .zlib: 15
    case .gzip: 15 + 16
    }
  }
}

/// Decodes a deflate stream with zlib, which checks the sums in the frame.
final class Inflater: ResumableDecoder {
  /// Compressed bytes that are read at a time.
  static let inputByteCount = 64 << 10

  private let base: any ByteSource
  private let range: Range<Int>
  private let frame: DeflateFrame
  private let path: String
  /// On the heap, because zlib's state points back to it.
  private var stream: ZlibStream
  private var input: [UInt8] = []
  /// The bytes of `input` that are not decoded yet.
  private var unread = 0..<0
  /// The offset in `base` after those of `input`.
  private var inputEnd: Int
  private var hasEnded = false

  init(_ base: any ByteSource, range: Range<Int>, frame: DeflateFrame, path: String) throws(FileError) {
    self.base = base
    self.range = range
    self.frame = frame
    self.path = path
    inputEnd = range.lowerBound
    guard let stream = ZlibStream(frame) else { throw .compressed(path: path, .outOfMemory(stream: frame.rawValue)) }
    self.stream = stream
  }

  /// The offset in `base` of the next byte to decode.
  private var inputOffset: Int { inputEnd - unread.count }

  private func fault(_ fault: CompressionFault) -> FileError { .compressed(path: path, fault) }

  func decode(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count, !hasEnded {
      if unread.isEmpty { try readInput() }
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let (status, consumed, produced) = stream.inflate(input, unread, into: target)
      unread = unread.lowerBound + consumed..<unread.upperBound
      done += produced
      switch status {
      case Z_OK: continue
      case Z_BUF_ERROR where unread.isEmpty: continue
      case Z_STREAM_END: hasEnded = try !startNextMember()
      case Z_NEED_DICT: throw fault(.needsDictionary(stream.dictionaryNumber))
      case Z_MEM_ERROR: throw fault(.outOfMemory(stream: frame.rawValue))
      default: throw fault(.invalid(stream: frame.rawValue, offset: inputOffset, reason: stream.message))
      }
    }
    return done
  }

  private func readInput() throws(FileError) {
    let count = min(Self.inputByteCount, range.upperBound - inputEnd)
    guard count > 0 else { throw fault(.truncated(stream: frame.rawValue, offset: inputEnd)) }
    try base.read(at: inputEnd, count: count, into: &input)
    unread = 0..<count
    inputEnd += count
  }

  /// Starts the gzip member that follows, if one does. Anything else after a member is ignored, as gzip does.
  private func startNextMember() throws(FileError) -> Bool {
    guard frame == .gzip, range.upperBound - inputOffset > 2 else { return false }
    if unread.count < 2 {
      inputEnd = inputOffset
      try readInput()
    }
    guard input[unread.lowerBound] == 0x1F, input[unread.lowerBound + 1] == 0x8B else { return false }
    stream.reset()
    return true
  }

  // MARK: Snapshots

  private final class Snapshot: DecoderSnapshot {
    let stream: ZlibStream
    let inputOffset: Int
    let hasEnded: Bool

    init(stream: ZlibStream, inputOffset: Int, hasEnded: Bool) {
      self.stream = stream
      self.inputOffset = inputOffset
      self.hasEnded = hasEnded
    }
  }

  /// The window of 32 KiB and zlib's tables.
  var snapshotByteCount: Int { 42 << 10 }

  func snapshot() throws(FileError) -> any DecoderSnapshot {
    guard let copy = stream.copy() else { throw fault(.outOfMemory(stream: frame.rawValue)) }
    return Snapshot(stream: copy, inputOffset: inputOffset, hasEnded: hasEnded)
  }

  func restart() throws(FileError) {
    guard let new = ZlibStream(frame) else { throw fault(.outOfMemory(stream: frame.rawValue)) }
    stream = new
    inputEnd = range.lowerBound
    unread = 0..<0
    hasEnded = false
  }

  func restore(_ snapshot: any DecoderSnapshot) throws(FileError) {
    guard let snapshot = snapshot as? Snapshot, let copy = snapshot.stream.copy() else {
      throw fault(.outOfMemory(stream: frame.rawValue))
    }
    stream = copy
    inputEnd = snapshot.inputOffset
    unread = 0..<0
    hasEnded = snapshot.hasEnded
  }
}

import CZstd

// RFC 8878, 3.1; only the headers of frames and blocks are read here.
//
// file   = { frame }
// frame  = 0xFD2FB528 u32, header, { block }, checksum u32 if the header says so
//        | 0x184D2A5? u32, byteCount u32, bytes                                   skippable
// header = descriptor u8, window u8 unless it is one segment, dictionary number, size of the content
//          descriptor  bits 0 and 1: 0, 1, 2 or 4 bytes of the dictionary number │ 2: checksum │ 3: 0
//                      │ 5: one segment: the window is the content
//                      │ 6 and 7: 0 bytes of the size (1 for one segment), 2 (for 256 and more), 4 or 8
//          window      bits 3 to 7: exponent │ 0 to 2: eighths that are added; 2^(10 + exponent) · (1 + eighths / 8)
// block  = u24: bit 0: last │ 1 and 2: 0 raw, 1 one byte repeated, 2 compressed │ 3 to 23: size; bytes

/// What the frames of a zstd file say of themselves.
struct ZstdFrameWalk {
  /// The largest window that is allowed: zstd's own limit unless `--long` or `--memory` is passed.
  static let maximumWindowByteCount = 128 << 20
  /// The bytes that are read at a time.
  private static let readByteCount = 4 << 10

  private(set) var table = ZstdFrameTable()
  /// Whether all frames state the size of their content; otherwise the table is of no use.
  private(set) var statesSizes = true
  /// The bytes that decoding as a stream keeps.
  private(set) var windowByteCount = 0

  private let file: any ByteSource
  private var window: [UInt8] = []
  private var windowStart = 0
  private var position = 0

  /// Walks through all frames of `file`.
  ///
  /// - Throws: `CompressionFault` if a frame is cut off, needs a dictionary or too large a window, or has another magic number.
  init(_ file: any ByteSource) throws(FileError) {
    self.file = file
    while position < file.byteCount { try walkFrame() }
    window = []
  }

  private func fault(_ fault: CompressionFault) -> FileError { .compressed(path: file.path, fault) }
  private func truncated() -> FileError { fault(.truncated(stream: "zstd", offset: file.byteCount)) }
  private func invalid(_ reason: String) -> FileError {
    fault(.invalid(stream: "zstd", offset: position, reason: reason))
  }

  /// The next bytes, at least `count`, of which some may be read before.
  private mutating func bytes(_ count: Int) throws(FileError) -> ArraySlice<UInt8> {
    guard count <= file.byteCount - position else { throw truncated() }
    if position < windowStart || position + count > windowStart + window.count {
      window = try file.bytes(at: position, count: min(max(count, Self.readByteCount), file.byteCount - position))
      windowStart = position
    }
    return window[(position - windowStart)...]
  }

  private mutating func skip(_ count: Int) throws(FileError) {
    guard count <= file.byteCount - position else { throw truncated() }
    position += count
  }

  private mutating func walkFrame() throws(FileError) {
    let start = position
    let magic = UInt32(littleEndianIn: Array(try bytes(4).prefix(4)))
    guard magic & ZstdMagic.skippableMask != ZstdMagic.skippable else {
      let count = UInt32(littleEndianIn: Array(try bytes(8).prefix(8)), at: 4)
      try skip(8)
      try skip(Int(count))
      return try append(from: start, byteCount: 0)
    }
    guard magic == ZstdMagic.frame else { throw invalid("is not a frame, expected its magic number") }
    let header = try readHeader()
    repeat {} while try !walkBlock()
    if header.hasChecksum { try skip(4) }
    guard let stated = header.byteCount else { return statesSizes = false }
    guard let byteCount = Int(exactly: stated) else { throw invalid("states more bytes than there can be") }
    try append(from: start, byteCount: byteCount)
  }

  private mutating func append(from start: Int, byteCount: Int) throws(FileError) {
    guard table.append(stored: position - start, byteCount: byteCount) else {
      throw invalid("states more bytes than there can be")
    }
  }

  private struct Header {
    let hasChecksum: Bool
    /// Nil if it is not stated.
    let byteCount: UInt64?
  }

  private mutating func readHeader() throws(FileError) -> Header {
    try skip(4)
    let descriptor = try number(1), isOneSegment = descriptor & 0x20 != 0
    guard descriptor & 8 == 0 else { throw invalid("has a header of an unknown version") }
    var windowSize: UInt64 = 0
    if !isOneSegment {
      let window = try number(1)
      windowSize = 1 << (10 + window >> 3)
      windowSize += windowSize / 8 * (window & 7)
    }
    let dictionary = try number([0, 1, 2, 4][Int(descriptor & 3)])
    guard dictionary == 0 else { throw fault(.needsDictionary(UInt32(truncatingIfNeeded: dictionary))) }
    let sizeCount = [isOneSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
    let stated = try number(sizeCount), byteCount = sizeCount == 2 ? stated + 256 : stated
    if isOneSegment { windowSize = byteCount }
    guard windowSize <= UInt64(Self.maximumWindowByteCount) else {
      throw fault(.windowTooLarge(byteCount: windowSize, limit: Self.maximumWindowByteCount))
    }
    windowByteCount = max(windowByteCount, Int(windowSize))
    return Header(hasChecksum: descriptor & 4 != 0, byteCount: sizeCount == 0 ? nil : byteCount)
  }

  /// Reads a number of `count` bytes, lowest first.
  private mutating func number(_ count: Int) throws(FileError) -> UInt64 {
    let value = try bytes(count).prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    try skip(count)
    return value
  }

  /// Moves on to the next block; returns whether this was the last.
  private mutating func walkBlock() throws(FileError) -> Bool {
    let head = Int(try number(3))
    switch head >> 1 & 3 {
    case 1: try skip(1)
    case 3: throw invalid("has a block of the reserved kind")
    default: try skip(head >> 3)
    }
    return head & 1 == 1
  }
}

/// The wording of zstd's errors.
enum ZstdFault {
  /// The library's words for a result that is an error, in lower case.
  static func wording(_ result: Int) -> String {
    let words = ZSTD_getErrorName(result).map { String(cString: $0) } ?? "unknown error"
    return words.prefix(1).lowercased() + words.dropFirst()
  }
}

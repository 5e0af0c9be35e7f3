import Synchronization

/// A file of which the CRC-32 of parts is known once they are written, in any order and by any threads.
public final class ChecksummedOutput: PositionalOutput {
  /// Bytes that are copied at a time.
  private static let copyByteCount = 4 << 20

  private struct Piece {
    let byteCount: Int
    let sum: UInt32
  }

  private let file: AtomicFile
  /// What was written, by offset.
  private let pieces = Mutex<[Int: Piece]>([:])

  public init(_ file: AtomicFile) { self.file = file }

  public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
    var sum = CRC32()
    sum.update(bytes)
    try file.write(bytes, at: offset)
    guard bytes.byteCount > 0 else { return }
    let piece = Piece(byteCount: bytes.byteCount, sum: sum.value)
    pieces.withLock { $0[offset] = piece }
  }

  /// Copies through memory, since the bytes are summed.
  public func copy(_ source: any ByteSource, from start: Int, count: Int, to offset: Int) throws(FileError) {
    var slab: [UInt8] = []
    for done in stride(from: 0, to: count, by: Self.copyByteCount) {
      let step = min(Self.copyByteCount, count - done)
      try source.read(at: start + done, count: step, into: &slab)
      try write(slab.span.bytes.extracting(first: step), at: offset + done)
    }
  }

  /// Returns the CRC-32 of the bytes in `range`; nil unless whole pieces fill it.
  public func checksum(of range: Range<Int>) -> UInt32? {
    pieces.withLock { pieces in
      var sum: UInt32 = 0, position = range.lowerBound
      while position < range.upperBound {
        guard let piece = pieces[position] else { return nil }
        sum = CRC32.combined(sum, piece.sum, byteCount: piece.byteCount)
        position += piece.byteCount
      }
      return position == range.upperBound ? sum : nil
    }
  }
}

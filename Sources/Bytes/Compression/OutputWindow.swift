/// Consecutive bytes of an output that are in memory; those that nobody writes are zero.
///
/// Threads write different bytes at once.
public final class OutputWindow: PositionalOutput, @unchecked Sendable {
  /// The offset in the output of the first byte.
  let start: Int
  private let path: String
  // Unchecked: the pointer does not change, and the ranges that threads write do not overlap.
  private let bytes: UnsafeMutableRawBufferPointer

  /// The bytes `range` of the output at `path`, of which the first are `head`.
  init(_ range: Range<Int>, of path: String, head: [UInt8] = []) {
    start = range.lowerBound
    self.path = path
    bytes = .allocate(byteCount: max(1, range.count), alignment: 64)
    _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
    bytes.copyBytes(from: head.prefix(range.count))
    count = range.count
  }

  let count: Int

  deinit { bytes.deallocate() }

  /// The bytes of the window, from its byte `first` on.
  func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// The bytes for `count` bytes at `offset` of the output.
  private func part(at offset: Int, _ partCount: Int) throws(FileError) -> UnsafeMutableRawBufferPointer {
    let first = offset - start
    guard first >= 0, partCount >= 0, first + partCount <= count else {
      throw .endsEarly(path: path, offset: start + count, expected: offset + partCount)
    }
    return UnsafeMutableRawBufferPointer(rebasing: bytes[first..<first + partCount])
  }

  public func write(_ span: RawSpan, at offset: Int) throws(FileError) {
    let part = try part(at: offset, span.byteCount)
    span.withUnsafeBytes { part.copyMemory(from: $0) }
  }

  public func copy(_ source: any ByteSource, from sourceOffset: Int, count: Int, to offset: Int) throws(FileError) {
    let part = try part(at: offset, count)
    var span = part.mutableBytes
    try source.read(at: sourceOffset, count: count, into: &span, at: 0)
  }
}

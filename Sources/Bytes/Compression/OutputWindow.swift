/// Consecutive bytes of an output that are in memory; those that nobody writes are zero.
///
/// Threads write different bytes at once.
public final class OutputWindow: PositionalOutput, Sendable {
  /// The offset in the output of the first byte.
  let start: Int
  let count: Int
  private let path: String
  private let memory: ReusedMemory

  /// The bytes `range` of the output at `path`, of which the first are `head`, in the head of `memory`.
  init(_ range: Range<Int>, of path: String, head: [UInt8], in memory: ReusedMemory) {
    start = range.lowerBound
    count = range.count
    self.path = path
    self.memory = memory
    let bytes = memory.prefix(range.count)
    let known = min(head.count, range.count)
    bytes.copyBytes(from: head.prefix(known))
    _ = UnsafeMutableRawBufferPointer(rebasing: bytes[known...]).initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// The bytes `range` of the window.
  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: memory.prefix(count)[range])
  }

  /// The memory for `partCount` bytes at `offset` of the output.
  private func part(at offset: Int, _ partCount: Int) throws(FileError) -> UnsafeMutableRawBufferPointer {
    let first = offset - start
    guard first >= 0, partCount >= 0, first + partCount <= count else {
      throw .endsEarly(path: path, offset: start + count, expected: offset + partCount)
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory.prefix(count)[first..<first + partCount])
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

/// Memory that is used again and again, so that the process does not grow by freeing and allocating megabytes.
final class ReusedMemory: @unchecked Sendable {
  // Unchecked: the pointer does not change, and threads use different bytes of it.
  private let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) { bytes = .allocate(byteCount: max(1, byteCount), alignment: 64) }

  deinit { bytes.deallocate() }

  var byteCount: Int { bytes.count }

  /// The first `count` bytes.
  func prefix(_ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
  }
}

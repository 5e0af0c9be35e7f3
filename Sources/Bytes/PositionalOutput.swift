/// What takes bytes at any offset, from any thread: a file, or a part of one that is still in memory.
public protocol PositionalOutput: Sendable {
  /// Writes the whole of `bytes` at `offset`.
  func write(_ bytes: RawSpan, at offset: Int) throws(FileError)

  /// Copies `count` bytes of `source` from `start` to `offset`.
  func copy(_ source: any ByteSource, from start: Int, count: Int, to offset: Int) throws(FileError)
}

extension PositionalOutput {
  /// Writes the whole of `bytes` at `offset`.
  public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) { try write(bytes.span.bytes, at: offset) }
}

extension AtomicFile: PositionalOutput {}

/// The decoder of one compressed stream, which goes forward and can return to where a snapshot was taken.
///
/// One thread uses it at a time.
protocol StreamDecoder: AnyObject {
  /// The bytes that a snapshot takes in memory.
  var snapshotByteCount: Int { get }

  /// Decodes the next bytes into `buffer`; fewer than it has only at the end of the stream.
  func decode(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int

  /// Returns the state at the next byte.
  func snapshot() throws(FileError) -> any DecoderSnapshot

  /// Begins again.
  func restart() throws(FileError)

  /// Goes on from where this decoder took `snapshot`.
  func restore(_ snapshot: any DecoderSnapshot) throws(FileError)
}

/// The state of a decoder between two bytes of its output.
protocol DecoderSnapshot: AnyObject {}

/// The decoder of one compressed stream, which goes forward.
///
/// One thread uses it at a time.
protocol StreamDecoder: AnyObject {
  /// Decodes the next bytes into `buffer`; fewer than it has only at the end of the stream.
  func decode(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int

  /// Begins again.
  func restart() throws(FileError)
}

/// A decoder that can return to where a snapshot was taken.
protocol ResumableDecoder: StreamDecoder {
  /// The bytes that a snapshot takes in memory.
  var snapshotByteCount: Int { get }

  /// Returns the state at the next byte.
  func snapshot() throws(FileError) -> any DecoderSnapshot

  /// Goes on from where this decoder took `snapshot`.
  func restore(_ snapshot: any DecoderSnapshot) throws(FileError)
}

/// The state of a decoder between two bytes of its output.
protocol DecoderSnapshot: AnyObject {}

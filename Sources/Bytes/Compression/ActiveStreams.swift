import Synchronization

/// The compressed streams that were read last, which may hold memory.
///
/// A model of many shards has as many streams. Only a few keep their decoder and what it decoded; the others start again
/// if they are read once more.
final class ActiveStreams: Sendable {
  static let shared = ActiveStreams()
  /// The streams that may hold memory at a time.
  static let limit = 3
  /// The bytes that all decoders together may take, unless one alone takes more.
  static let decodersByteLimit = 48 << 20

  private struct Entry { weak var stream: DecodedStream? }
  private let entries = Mutex<[Entry]>([])

  /// Notes that `stream` is read; the stream that was read longest ago gives up its memory if there are too many.
  func touch(_ stream: DecodedStream) {
    let idle: [DecodedStream] = entries.withLock { entries in
      if entries.last?.stream === stream { return [] }
      entries.removeAll { $0.stream == nil || $0.stream === stream }
      entries.append(Entry(stream: stream))
      var sum = entries.reduce(0) { $0 + ($1.stream?.decoderByteCount ?? 0) }
      var idle: [DecodedStream] = []
      while entries.count > 1, entries.count > Self.limit || sum > Self.decodersByteLimit {
        guard let stream = entries.removeFirst().stream else { continue }
        sum -= stream.decoderByteCount
        idle.append(stream)
      }
      return idle
    }
    for stream in idle { stream.trim() }
  }
}

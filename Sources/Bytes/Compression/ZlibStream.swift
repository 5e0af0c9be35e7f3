import CZlib

/// zlib's state of a stream that is inflated; it is at one address from its creation to its end.
final class ZlibStream {
  private let state: UnsafeMutablePointer<z_stream>

  private init() {
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
  }

  /// Starts a stream; nil without memory for it.
  convenience init?(_ frame: DeflateFrame) {
    self.init()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(state, frame.windowBits, ZLIB_VERSION, size) == Z_OK else { return nil }
  }

  deinit {
    // Does nothing to a state that was not started.
    inflateEnd(state)
    state.deallocate()
  }

  /// Returns a second stream in the same state; nil without memory for it.
  func copy() -> ZlibStream? {
    let copy = ZlibStream()
    guard inflateCopy(copy.state, state) == Z_OK else { return nil }
    return copy
  }

  /// Starts the stream again, for the next member.
  func reset() { inflateReset(state) }

  /// Inflates from the bytes `unread` of `input`; returns zlib's status and the bytes read and written.
  func inflate(
    _ input: [UInt8], _ unread: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) -> (status: Int32, consumed: Int, produced: Int) {
    input.withUnsafeBufferPointer { bytes in
      let available = UInt32(clamping: unread.count), capacity = UInt32(clamping: buffer.count)
      state.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress.map { $0 + unread.lowerBound })
      state.pointee.avail_in = available
      state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      state.pointee.avail_out = capacity
      let status = CZlib.inflate(state, Z_NO_FLUSH)
      return (status, Int(available - state.pointee.avail_in), Int(capacity - state.pointee.avail_out))
    }
  }

  /// zlib's message after an error.
  var message: String { state.pointee.msg.map { String(cString: $0) } ?? "unknown error" }

  /// The Adler-32 of the dictionary that a zlib stream needs.
  var dictionaryNumber: UInt32 { UInt32(truncatingIfNeeded: state.pointee.adler) }
}

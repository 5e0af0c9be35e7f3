extension DecodedStream {
  /// Streams that unpack to more than this may be at most so many times as large as they are stored: all zeros are 1,000
  /// times as large, weights of a model less than 10 times.
  static let unlimitedByteCount = 1 << 30, maximumRatio = 256

  /// Returns the count of the bytes that a stream decodes to, which has to decode all of them and checks their sums.
  ///
  /// - Parameter storedByteCount: the size of the stream.
  static func measure(
    path: String, storedByteCount: Int, decoder: any StreamDecoder
  ) throws(FileError) -> Int {
    var chunk = [UInt8](repeating: 0, count: chunkByteCount)
    var byteCount = 0
    while true {
      let found = try decode(decoder, into: &chunk)
      byteCount += found
      guard found == chunk.count else { return byteCount }
      guard byteCount < unlimitedByteCount || byteCount / maximumRatio <= storedByteCount else {
        throw .compressed(path: path, .bomb(ratio: maximumRatio))
      }
    }
  }
}

extension RemoteFile {
  /// Bytes between two ranges that are rather fetched than asked around.
  private static let joinedGapByteCount = 64 << 10
  /// Bytes of joined ranges that are fetched at a time.
  private static let joinedByteCount = 4 << 20

  /// Reads ranges with small gaps together with the gaps, for a request takes longer than some kilobytes.
  public func read(_ ranges: StridedRanges, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    guard (1...Self.joinedGapByteCount).contains(ranges.stride - ranges.byteCount) else {
      return try readEach(ranges, into: &buffer, at: position)
    }
    let step = max(1, Self.joinedByteCount / ranges.stride)
    var joined: [UInt8] = []
    for first in stride(from: 0, to: ranges.count, by: step) {
      let count = min(step, ranges.count - first)
      let byteCount = (count - 1) * ranges.stride + ranges.byteCount
      try read(at: ranges.offset + first * ranges.stride, count: byteCount, into: &joined)
      buffer.withUnsafeMutableBytes { target in
        joined.withUnsafeBytes { source in
          for index in 0..<count {
            let start = position + (first + index) * ranges.byteCount
            UnsafeMutableRawBufferPointer(rebasing: target[start..<start + ranges.byteCount])
              .copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[(index * ranges.stride)...].prefix(ranges.byteCount)))
          }
        }
      }
    }
  }
}

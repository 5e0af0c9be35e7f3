extension RemoteFile {
  /// Bytes between two ranges that are rather fetched than asked around.
  private static let joinedGapByteCount = 64 << 10
  /// Bytes of joined ranges that are fetched at a time.
  private static let joinedByteCount = 4 << 20

  /// Reads ranges with small gaps together with the gaps, for a request takes longer than some kilobytes.
  func readJoined(_ ranges: StridedRanges, into buffer: inout MutableRawSpan, at position: Int) throws(FileError) {
    let gap = ranges.stride - ranges.byteCount
    guard gap > 0, gap <= Self.joinedGapByteCount, ranges.byteCount > 0 else {
      // Without gaps one range, else one request each.
      guard gap != 0 else {
        return try read(at: ranges.offset, count: ranges.totalByteCount, into: &buffer, at: position)
      }
      for index in 0..<ranges.count {
        try read(
          at: ranges.offset + index * ranges.stride, count: ranges.byteCount, into: &buffer,
          at: position + index * ranges.byteCount)
      }
      return
    }
    let step = max(1, Self.joinedByteCount / ranges.stride)
    var joined: [UInt8] = []
    for first in stride(from: 0, to: ranges.count, by: step) {
      let count = min(step, ranges.count - first)
      let byteCount = (count - 1) * ranges.stride + ranges.byteCount
      try read(at: ranges.offset + first * ranges.stride, count: byteCount, into: &joined)
      for index in 0..<count {
        let start = index * ranges.stride, target = position + (first + index) * ranges.byteCount
        for byte in 0..<ranges.byteCount {
          buffer.storeBytes(of: joined[start + byte], toByteOffset: target + byte, as: UInt8.self)
        }
      }
    }
  }
}

/// Where the frames of a zstd file are, and which bytes they decode to.
///
/// Small frames that follow each other count as one entry, so that the table is small for any file.
struct ZstdFrameTable: Sendable {
  /// Frames are joined to entries of at most so many bytes, decoded and stored.
  static let joinedByteCount = 256 << 10, joinedStoredByteCount = 1 << 20
  /// Larger frames are decoded as a stream, not as a whole.
  static let largestByteCount = 16 << 20, largestStoredByteCount = 32 << 20

  /// One entry: frames that are decoded together.
  struct Entry: Sendable, Equatable {
    /// The bytes in the file.
    let stored: Range<Int>
    /// The bytes that they decode to.
    let content: Range<Int>
  }

  private var storedEnds: [Int] = []
  private var ends: [Int] = []
  /// Whether every entry may be decoded as a whole.
  private(set) var isOfSmallFrames = true

  var count: Int { ends.count }
  /// The bytes that all frames decode to.
  var byteCount: Int { ends.last ?? 0 }
  /// The bytes of all frames in the file.
  var storedByteCount: Int { storedEnds.last ?? 0 }

  subscript(index: Int) -> Entry {
    let previous = index - 1
    return Entry(
      stored: (index > 0 ? storedEnds[previous] : 0)..<storedEnds[index],
      content: (index > 0 ? ends[previous] : 0)..<ends[index])
  }

  /// Appends a frame of `stored` bytes that decodes to `byteCount`; returns whether the sums are numbers.
  mutating func append(stored: Int, byteCount count: Int) -> Bool {
    let (storedEnd, storedOverflow) = storedByteCount.addingReportingOverflow(stored)
    let (end, overflow) = byteCount.addingReportingOverflow(count)
    guard stored >= 0, count >= 0, !storedOverflow, !overflow else { return false }
    if let last = ends.indices.last, end - self[last].content.lowerBound <= Self.joinedByteCount,
      storedEnd - self[last].stored.lowerBound <= Self.joinedStoredByteCount
    {
      storedEnds[last] = storedEnd
      ends[last] = end
    } else {
      storedEnds.append(storedEnd)
      ends.append(end)
      if stored > Self.largestStoredByteCount || count > Self.largestByteCount { isOfSmallFrames = false }
    }
    return true
  }

  /// Returns the index of the entry that has the byte `offset` of the content, which is within it.
  func index(of offset: Int) -> Int {
    var low = 0, high = ends.count - 1
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] > offset { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Ranges of bytes, joined where they touch or overlap.
public struct MergedRanges: Sendable, Hashable {
  /// Ranges are joined when so many are loose; most reads follow the one before.
  private static let looseCount = 1 << 12

  private var loose: [Range<Int>] = []
  private var limit = Self.looseCount

  public init(_ ranges: [Range<Int>] = []) {
    for range in ranges { insert(range) }
  }

  /// The ranges in order, none empty.
  public var ranges: [Range<Int>] { Self.joined(loose) }

  /// The bytes of all ranges.
  public var byteCount: Int { ranges.reduce(0) { $0 + $1.count } }

  /// Adds a range; empty ones count for nothing.
  public mutating func insert(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    if let last = loose.last, last.lowerBound <= range.lowerBound, range.lowerBound <= last.upperBound {
      loose[loose.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      return
    }
    loose.append(range)
    guard loose.count > limit else { return }
    loose = Self.joined(loose)
    limit = max(Self.looseCount, 2 * loose.count)
  }

  /// Adds all ranges of `other`.
  public mutating func insert(_ other: MergedRanges) {
    for range in other.loose { insert(range) }
  }

  /// Whether every byte of `other` is in a range.
  public func contains(_ other: MergedRanges) -> Bool {
    var both = self
    both.insert(other)
    return both.ranges == ranges
  }

  private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }
}

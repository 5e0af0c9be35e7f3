/// How many elements have an error of which magnitude, in ranges that each end at twice their beginning.
public struct ErrorHistogram: Sendable, Equatable {
  /// Elements that were kept as they were.
  public private(set) var unchangedCount = 0
  /// Counts by the exponent of the error as a float, from 0 (subnormal: below 2⁻¹²⁶) to 254.
  private var counts = [Int](repeating: 0, count: 256)

  /// Errors of at least `lower` and less than `upper`.
  public struct Range: Sendable, Equatable {
    /// The least magnitude; a power of two, or 0.
    public let lower: Double
    /// The magnitude that the range ends before; a power of two.
    public let upper: Double
    /// Elements in it.
    public let count: Int
  }

  /// The ranges from the first to the last that is not empty, ascending.
  public var ranges: [Range] {
    guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else {
      return []
    }
    return (first...last).map {
      Range(lower: $0 == 0 ? 0 : Self.power($0), upper: Self.power($0 + 1), count: counts[$0])
    }
  }

  /// A histogram of nothing.
  public init() {}

  /// The beginning of the range of this exponent: 2^(exponent − 127).
  private static func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent - 127, significand: 1) }

  mutating func note(_ error: Double) {
    guard error != 0 else {
      unchangedCount += 1
      return
    }
    // Errors of doubles may be smaller or greater than a float can be; they go to the ends.
    let exponent = Int(Float(error).bitPattern >> 23 & 0xFF)
    counts[min(exponent, 254)] += 1
  }

  /// Adds the counts of other elements.
  public mutating func merge(_ other: Self) {
    unchangedCount += other.unchangedCount
    for index in counts.indices { counts[index] += other.counts[index] }
  }
}

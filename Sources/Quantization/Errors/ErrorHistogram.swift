import Bytes

/// The number of elements by magnitude of their error, in ranges that each end at twice their start.
public struct ErrorHistogram: Sendable, Equatable {
  /// Elements without error.
  public private(set) var unchangedCount = 0
  /// Counts by the exponent of the error as a float, from 0 (subnormal: below 2⁻¹²⁶) to 254.
  private var counts = [Int](repeating: 0, count: 256)

  /// Errors from `lower` to below `upper`.
  public struct Range: Sendable, Equatable {
    /// The lower bound, included; a power of two, or 0.
    public let lower: Double
    /// The upper bound, excluded; a power of two.
    public let upper: Double
    /// The number of elements.
    public let count: Int
  }

  /// The ranges from the first to the last nonempty one, ascending.
  public var ranges: [Range] {
    guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else {
      return []
    }
    return (first...last).map {
      Range(lower: $0 == 0 ? 0 : Self.power($0), upper: Self.power($0 + 1), count: counts[$0])
    }
  }

  /// Creates empty counts.
  public init() {}

  /// The lower bound of this exponent's range: 2^(exponent − 127).
  private static func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent - 127, significand: 1) }

  mutating func note(_ error: Double) {
    guard error != 0 else {
      unchangedCount += 1
      return
    }
    // Errors are doubles and may be outside a float's range; the first and last range count them.
    let exponent = Int(Float(error).bitPattern >> 23 & 0xFF)
    counts[min(exponent, 254)] += 1
  }

  /// Adds the counts of other elements.
  public mutating func merge(_ other: Self) {
    unchangedCount += other.unchangedCount
    for index in counts.indices { counts[index] += other.counts[index] }
  }

  /// All counts by exponent, those of zero left out.
  var record: JSON {
    .members([
      "unchanged": .integer(unchangedCount),
      "counts": .array(
        counts.indices.filter { counts[$0] > 0 }.map { .array([.integer($0), .integer(counts[$0])]) }),
    ])
  }

  /// The histogram that has this record; nil if it is none, or counts more than `limit` elements.
  init?(record: JSON, limit: Int) {
    guard let unchanged = record["unchanged"]?.integer, (0...limit).contains(unchanged),
      let entries = record["counts"]?.array, entries.count <= counts.count
    else { return nil }
    unchangedCount = unchanged
    var rest = limit - unchanged
    for entry in entries {
      guard let pair = entry.array, pair.count == 2, let exponent = pair[0].integer, let count = pair[1].integer,
        counts.indices.contains(exponent), (0...rest).contains(count)
      else { return nil }
      counts[exponent] += count
      rest -= count
    }
  }
}

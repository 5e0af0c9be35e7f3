import Bytes

/// What a list of numbers is like: mean and percentiles.
public struct Distribution: Sendable, Hashable {
  /// How many there are.
  public let count: Int
  /// Their arithmetic mean.
  public let mean: Double
  /// The middle one, and those above 90, 95 and 99 % of them, each the nearest rank from above.
  public let median: Double, percentile90: Double, percentile95: Double, percentile99: Double
  /// The greatest.
  public let maximum: Double

  /// Of `values`, summed in their order; zeros if there are none.
  public init(_ values: [Double]) {
    let sorted = values.sorted()
    func rank(_ percent: Int) -> Double {
      guard !sorted.isEmpty else { return 0 }
      return sorted[min(sorted.count - 1, max(0, (sorted.count * percent + 99) / 100 - 1))]
    }
    count = values.count
    mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    median = rank(50)
    percentile90 = rank(90)
    percentile95 = rank(95)
    percentile99 = rank(99)
    maximum = sorted.last ?? 0
  }

  var json: JSON {
    .members([
      "mean": .real(mean), "median": .real(median), "p90": .real(percentile90), "p95": .real(percentile95),
      "p99": .real(percentile99), "max": .real(maximum),
    ])
  }
}

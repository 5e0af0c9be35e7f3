import Bytes

/// Mean, uncertainty and percentiles of a sample.
public struct SampleStatistics: Sendable, Hashable {
  /// The values in ascending order.
  public let sorted: [Double]
  /// Their arithmetic mean.
  public let mean: Double
  /// One standard error of the mean; 0 for fewer than two values.
  public let standardError: Double

  /// Sums `values` in their order; all statistics of no values are 0.
  public init(_ values: [Double]) {
    let count = Double(values.count)
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    standardError = values.count > 1 ? (squares / count / (count - 1)).squareRoot() : 0
    sorted = values.sorted()
  }

  public var count: Int { sorted.count }

  /// Returns the value below which `percent` % of the sample are, interpolated between neighbors as llama-perplexity
  /// does.
  public func percentile(_ percent: Double) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    let position = min(max(percent / 100, 0), 1) * Double(last)
    let below = Int(position)
    let fraction = position - Double(below)
    return fraction == 0
      ? sorted[below] : (1 - fraction) * sorted[below] + fraction * sorted[min(below + 1, last)]
  }

  public var minimum: Double { sorted.first ?? 0 }
  public var maximum: Double { sorted.last ?? 0 }
  public var p50: Double { percentile(50) }
  public var p90: Double { percentile(90) }
  public var p95: Double { percentile(95) }
  public var p99: Double { percentile(99) }

  /// The root of the mean of the squares.
  public var rootMeanSquare: Double {
    sorted.isEmpty ? 0 : (sorted.reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot()
  }

  /// The statistics, as in a report.
  public var json: JSON {
    .members([
      "mean": .real(mean), "standard_error": .real(standardError), "min": .real(minimum), "p1": .real(percentile(1)),
      "p5": .real(percentile(5)), "p10": .real(percentile(10)), "p50": .real(p50), "p90": .real(p90),
      "p95": .real(p95), "p99": .real(p99), "max": .real(maximum),
    ])
  }
}

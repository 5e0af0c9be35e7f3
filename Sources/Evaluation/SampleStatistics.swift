import Bytes

/// What a list of numbers is like: mean, uncertainty and percentiles.
public struct SampleStatistics: Sendable, Hashable {
  /// The numbers in ascending order.
  public let sorted: [Double]
  /// Their arithmetic mean.
  public let mean: Double
  /// One standard error of the mean; 0 for fewer than two numbers.
  public let standardError: Double

  /// Of `values`, summed in their order; zeros if there are none.
  public init(_ values: [Double]) {
    let count = Double(values.count)
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    standardError = values.count > 1 ? (squares / count / (count - 1)).squareRoot() : 0
    sorted = values.sorted()
  }

  /// How many there are.
  public var count: Int { sorted.count }

  /// The number below which `percent` % of them lie, interpolated between its neighbors as llama-perplexity does.
  public func percentile(_ percent: Double) -> Double {
    guard let last = sorted.indices.last else { return 0 }
    let place = min(max(percent / 100, 0), 1) * Double(last)
    let below = Int(place)
    let instance = place - Double(below)
    return instance == 0 ? sorted[below] : (1 - instance) * sorted[below] + instance * sorted[min(below + 1, last)]
  }

  /// The least and the greatest.
  public var minimum: Double { sorted.first ?? 0 }
  public var maximum: Double { sorted.last ?? 0 }
  /// The middle one, and those above 90, 95 and 99 % of them.
  public var median: Double { percentile(50) }
  public var percentile90: Double { percentile(90) }
  public var percentile95: Double { percentile(95) }
  public var percentile99: Double { percentile(99) }

  /// √ of the mean of the squares.
  public var rootMeanSquare: Double {
    sorted.isEmpty ? 0 : (sorted.reduce(0) { $0 + $1 * $1 } / Double(count)).squareRoot()
  }

  /// The statistics, as in a report.
  public var json: JSON {
    .members([
      "mean": .real(mean), "standard_error": .real(standardError), "min": .real(minimum), "p1": .real(percentile(1)),
      "p5": .real(percentile(5)), "p10": .real(percentile(10)), "median": .real(median),
      "p90": .real(percentile90), "p95": .real(percentile95), "p99": .real(percentile99), "max": .real(maximum),
    ])
  }
}

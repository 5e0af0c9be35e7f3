import Bytes
import Inference

/// How surprised a model is by tokens: `exp` of the mean of −log p over the tokens it was scored on.
public struct Perplexity: Sendable, Hashable, CustomStringConvertible {
  /// The perplexity.
  public let value: Double
  /// One standard error of `value`: that of the mean loss, times `value`.
  public let standardError: Double
  /// The mean of −log p, in nats.
  public let meanLoss: Double
  /// The tokens it was scored on.
  public let scoredCount: Int

  /// Of the losses of scored tokens; nil if there are none.
  public init?(losses: [Double]) {
    guard !losses.isEmpty else { return nil }
    let count = Double(losses.count)
    let mean = losses.reduce(0, +) / count
    let variance = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    meanLoss = mean
    value = DeterministicMath.exponential(mean)
    standardError = losses.count > 1 ? value * (variance / (count - 1)).squareRoot() : 0
    scoredCount = losses.count
  }

  /// `16.2031 ± 0.4127`
  public var description: String { "\(value.fixed(4)) ± \(standardError.fixed(4))" }

  /// The numbers, as in a report.
  public var json: JSON {
    .members([
      "value": .real(value), "standard_error": .real(standardError), "mean_loss": .real(meanLoss),
      "scored_tokens": .integer(scoredCount),
    ])
  }
}

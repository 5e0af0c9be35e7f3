import Bytes
import Inference
import Tensors

/// The perplexity of a model: `exp` of the mean of −log p over the scored tokens.
public struct Perplexity: Sendable, Hashable, CustomStringConvertible {
  public let value: Double
  /// One standard error of `value`: that of the mean loss, times `value`.
  public let standardError: Double
  /// The mean of −log p, in nats.
  public let meanLoss: Double
  /// The number of scored tokens.
  public let scoredCount: Int

  /// Returns nil without losses of scored tokens.
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

  /// `16.20 ± 0.41`
  public var description: String { value.withUncertainty(standardError) }

  /// The perplexity, as in a report.
  public var json: JSON {
    .members([
      "value": .real(value), "standard_error": .real(standardError), "mean_loss": .real(meanLoss),
      "scored_tokens": .integer(scoredCount),
    ])
  }
}

import Bytes
import Inference
import Tensors

/// The perplexity of a candidate over that of its reference on the same tokens.
///
/// Its uncertainty is that of the mean difference of the losses. It is far below that of either perplexity, since easy
/// and hard tokens are the same for both.
public struct PerplexityRatio: Sendable, Hashable, CustomStringConvertible {
  public let value: Double
  /// One standard error of `value`.
  public let standardError: Double

  /// - Parameter losses: −log p of each scored token in the reference and in the candidate; nil without any.
  public init?(losses: [(reference: Double, candidate: Double)]) {
    guard !losses.isEmpty else { return nil }
    let difference = SampleStatistics(losses.map { $0.candidate - $0.reference })
    value = DeterministicMath.exponential(difference.mean)
    standardError = value * difference.standardError
  }

  /// `1.00214 ± 0.00087`
  public var description: String { value.withUncertainty(standardError) }

  /// The ratio, as in a report.
  public var json: JSON { .members(["value": .real(value), "standard_error": .real(standardError)]) }
}

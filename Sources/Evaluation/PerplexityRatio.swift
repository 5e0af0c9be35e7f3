import Bytes
import Inference

/// The perplexity of a candidate over that of its reference on the same tokens.
///
/// Its uncertainty is far below that of either perplexity: easy and hard tokens are the same for both, so the errors of
/// the two mean losses mostly cancel. It is that of the mean difference of the losses.
public struct PerplexityRatio: Sendable, Hashable, CustomStringConvertible {
  /// The ratio.
  public let value: Double
  /// One standard error of `value`.
  public let standardError: Double

  /// Of −log p of each scored token in the reference and in the candidate; nil if there are none.
  public init?(losses: [(reference: Double, candidate: Double)]) {
    guard !losses.isEmpty else { return nil }
    let difference = SampleStatistics(losses.map { $0.candidate - $0.reference })
    value = DeterministicMath.exponential(difference.mean)
    standardError = value * difference.standardError
  }

  /// `1.00214 ± 0.00087`
  public var description: String { "\(value.fixed(5)) ± \(standardError.fixed(5))" }

  /// The ratio, as in a report.
  public var json: JSON { .members(["value": .real(value), "standard_error": .real(standardError)]) }
}

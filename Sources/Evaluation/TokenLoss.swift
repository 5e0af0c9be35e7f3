import Inference
import Tensors

/// The greatest logit of a row and its first index.
public struct LogitPeak: Sendable {
  public let value: Double
  public let index: Int
  /// Whether no logit is NaN or infinite.
  public let allFinite: Bool

  /// - Complexity: O(vocabulary).
  public init(_ logits: Span<Float>) {
    var greatest = -Float.infinity
    var index = 0
    var allFinite = true
    for position in 0..<logits.count {
      let logit = logits[position]
      if !logit.isFinite { allFinite = false }
      if logit > greatest {
        greatest = logit
        index = position
      }
    }
    value = Double(greatest)
    self.index = index
    self.allFinite = allFinite
  }
}

/// The loss of one prediction, in double precision.
enum TokenLoss {
  /// Returns −log p of token `target`, in nats, where p = softmax(logits); NaN if a logit is not finite.
  static func loss(_ logits: Span<Float>, target: Int) -> Double {
    let peak = LogitPeak(logits)
    guard peak.allFinite else { return .nan }
    var sum = 0.0
    for index in 0..<logits.count { sum += DeterministicMath.exponential(Double(logits[index]) - peak.value) }
    return DeterministicMath.naturalLogarithm(sum) + peak.value - Double(logits[target])
  }
}

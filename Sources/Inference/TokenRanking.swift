import Tensors

/// The most probable tokens of a row of logits.
public struct TokenRanking: Sendable, Hashable {
  /// One token.
  public struct Entry: Sendable, Hashable {
    /// Its id.
    public let token: Int
    /// Its logit.
    public let logit: Float
    /// Its probability: `exp(logit) / Σ exp(logits)`.
    public let probability: Double
  }

  /// The entries, most probable first; of equal ones the lowest id.
  public let entries: [Entry]

  /// Ranks the `count` most probable tokens of `logits`.
  ///
  /// - Complexity: O(n log n) in the number of logits.
  public init(_ logits: ArraySlice<Float>, count: Int) {
    let greatest = logits.max() ?? 0
    let sum = logits.reduce(0.0) { $0 + DeterministicMath.exponential(Double($1) - Double(greatest)) }
    let order = logits.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
    entries = order.prefix(count).map { offset, logit in
      Entry(
        token: offset, logit: logit,
        probability: DeterministicMath.exponential(Double(logit) - Double(greatest)) / sum)
    }
  }
}

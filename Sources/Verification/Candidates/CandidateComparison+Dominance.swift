import Evaluation

extension CandidateComparison {
  /// A candidate that is not larger than another and predicts not worse.
  public struct Dominance: Sendable, Hashable {
    /// The index of the better candidate.
    public let candidateIndex: Int
    /// Whether its error is lower by two standard errors of the difference on the same positions, or exactly equal.
    public let isCertain: Bool

    public init(candidateIndex: Int, isCertain: Bool) {
      self.candidateIndex = candidateIndex
      self.isCertain = isCertain
    }
  }

  /// Standard errors by which the difference of two errors must exceed 0.
  private static let errorCount = 2.0

  /// The loss by which candidates are compared: mean KL divergence, for encoders NMSE; infinite if not finite.
  func loss(of candidate: Candidate) -> Double {
    let predictions = candidate.predictions
    guard predictions.nonfiniteCount == 0 else { return .infinity }
    return isEmbedding ? predictions.logits.normalizedMeanSquareError : predictions.divergence.mean
  }

  /// The candidates that dominate the one at `index`: not larger, not worse, and one of both strictly. The best is first.
  ///
  /// Candidates that nothing dominates are the Pareto front.
  public func dominating(_ index: Int) -> [Dominance] {
    let own = candidates[index], loss = loss(of: own)
    return candidates.indices.filter { other in
      let candidate = candidates[other], otherLoss = self.loss(of: candidate)
      let size = candidate.subject.byteCount, ownSize = own.subject.byteCount
      return size <= ownSize && otherLoss <= loss && (size < ownSize || otherLoss < loss)
    }.sorted { left, right in
      let one = self.loss(of: candidates[left]), other = self.loss(of: candidates[right])
      if one != other { return one < other }
      return (candidates[left].subject.byteCount, left) < (candidates[right].subject.byteCount, right)
    }.map { Dominance(candidateIndex: $0, isCertain: isCertain(candidates[$0], over: own)) }
  }

  private func isCertain(_ better: Candidate, over worse: Candidate) -> Bool {
    guard !isEmbedding, loss(of: worse).isFinite else { return true }
    let pairs = zip(better.predictions.rows, worse.predictions.rows)
    let difference = SampleStatistics(
      pairs.compactMap { one, other in one.divergence.flatMap { one in other.divergence.map { $0 - one } } })
    return difference.mean >= Self.errorCount * difference.standardError
  }
}

import Bytes
import Inference
import Models
import Synchronization

extension Perplexity {
  /// About this many logits are computed at a time: 64 MiB.
  private static let logitCountAtATime = 1 << 24

  /// Measures a model on tokens, a chunk at a time.
  ///
  /// - Parameter progress: receives the chunks done since the last call.
  /// - Returns: nil if no token is scored.
  /// - Throws: as `ForwardPass`; `NonfiniteLogits`.
  public static func measure(
    _ weights: ModelWeights, on tokens: TokenChunks, threads: Int = Parallel.coreCount,
    progress: (Int) -> Void = { _ in }
  ) throws -> Perplexity? {
    let vocabularySize = max(1, weights.hyperparameters.vocabularySize)
    let size = max(1, logitCountAtATime / vocabularySize)
    var losses: [Double] = []
    for chunk in tokens.chunks {
      var pass = try ForwardPass(weights, tokens: chunk, threads: threads)
      try pass.run()
      // The last position of a decoder-only model has no next token in the chunk.
      let targets = Array(pass.targets)
      for start in stride(from: tokens.firstScoredPosition, to: targets.count, by: size) {
        let logits = try pass.logits(positions: start..<min(targets.count, start + size))
        losses += try Self.losses(logits, targets: targets[start...], threads: threads)
      }
      progress(1)
    }
    let nonfiniteCount = losses.count { !$0.isFinite }
    guard nonfiniteCount == 0 else {
      throw LocatedError(
        path: weights.model.checkpoint.path,
        reason: NonfiniteLogits(positionCount: nonfiniteCount, scoredCount: losses.count))
    }
    return Perplexity(losses: losses)
  }

  private static func losses(
    _ logits: Matrix, targets: ArraySlice<Int>, threads: Int
  ) throws -> [Double] {
    let losses = Mutex([Double](repeating: 0, count: logits.rowCount))
    let width = logits.columnCount
    try Parallel.forEach(logits.rowCount, threads: threads) { row in
      let loss = TokenLoss.loss(
        logits.values.span.extracting(row * width..<(row + 1) * width), target: targets[targets.startIndex + row])
      losses.withLock { $0[row] = loss }
    }
    return losses.withLock { $0 }
  }
}

/// Logits that are NaN or infinite, so that the text has no perplexity.
public struct NonfiniteLogits: IngotError, Equatable {
  /// The scored positions with such logits, and all.
  public let positionCount: Int, scoredCount: Int
  public var category: ErrorCategory { .input }
  public var description: String {
    "logits: are NaN or infinite at \(positionCount.grouped) of \(counted(scoredCount, "scored position"))"
  }
}

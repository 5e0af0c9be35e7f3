import Bytes
import Evaluation
import Tensors
import Tokenization

/// A position where the predictions of two models differ most.
public struct WorstPosition: Sendable {
  /// A token, its text if a tokenizer is known, and its probability in one or both models.
  public struct Prediction: Sendable {
    public let token: Int
    public let text: String?
    public let probability: Double

    var json: JSON {
      .members([
        "token": .integer(token), "text": text.map(JSON.string) ?? .null, "probability": .real(probability),
      ])
    }
  }

  /// The index of the chunk, and the position in it.
  public let chunkIndex: Int, position: Int
  /// KL(reference ‖ candidate) in nats.
  public let divergence: Double
  /// The last tokens before the predicted one, as text; nil without a tokenizer.
  public let context: String?
  /// What each model predicts.
  public let reference: Prediction, candidate: Prediction
  /// The token that follows in the text, with its probability in the reference; nil if it is not scored.
  public let target: Prediction?
  /// The probability of `target` in the candidate.
  public let targetProbability: Double?

  var json: JSON {
    .members([
      "chunk": .integer(chunkIndex), "position": .integer(position), "kl": .real(divergence),
      "context": context.map(JSON.string) ?? .null, "reference": reference.json, "candidate": candidate.json,
      "correct": target.map {
        .members([
          "token": .integer($0.token), "text": $0.text.map(JSON.string) ?? .null,
          "reference_probability": .real($0.probability),
          "candidate_probability": targetProbability.map(JSON.real) ?? .null,
        ])
      } ?? .null,
    ])
  }
}

extension LogitComparison {
  /// Tokens of the context that are shown.
  private static let contextTokenCount = 16

  /// Returns the positions with the greatest KL divergence, the greatest first; equal distributions are left out.
  public func worstPositions(_ count: Int) -> [WorstPosition] {
    let rows = predictions.rows
    let worst = rows.indices.filter { (rows[$0].divergence ?? 0) > 0 }.sorted { left, right in
      let one = rows[left].divergence ?? 0, other = rows[right].divergence ?? 0
      return one != other ? one > other : left < right
    }.prefix(count)
    guard !worst.isEmpty else { return [] }
    let tokenizer = (try? reference.tokenizer()) ?? (try? candidate.tokenizer())
    // A decoder of an encoder–decoder predicts the token at its position, every other decoder the next one.
    let shift = (try? reference.forwardPassHyperparameters())?.decoder == nil ? 1 : 0
    let places = tokens.chunks.enumerated().flatMap { index, chunk in
      tokens.comparedPositions(of: chunk).map { (chunk: index, position: $0) }
    }
    return worst.compactMap { index in
      guard index < places.count else { return nil }
      return worstPosition(rows[index], at: places[index], shift: shift, tokenizer)
    }
  }

  private func worstPosition(
    _ row: LogitRowComparison, at place: (chunk: Int, position: Int), shift: Int, _ tokenizer: Tokenizer?
  ) -> WorstPosition? {
    guard let divergence = row.divergence, let one = row.referenceGuess, let other = row.candidateGuess else {
      return nil
    }
    let chunk = tokens.chunks[place.chunk], end = place.position + shift
    func prediction(_ token: Int, _ probability: Double) -> WorstPosition.Prediction {
      WorstPosition.Prediction(token: token, text: tokenizer?.decode([token]), probability: probability)
    }
    let context = Array(chunk[max(0, end - Self.contextTokenCount)..<min(end, chunk.count)])
    let target = end < chunk.count ? chunk[end] : nil
    return WorstPosition(
      chunkIndex: place.chunk, position: place.position, divergence: divergence,
      context: tokenizer.map { $0.decode(context) }, reference: prediction(one.token, one.probability),
      candidate: prediction(other.token, other.probability),
      target: row.referenceLoss.flatMap { loss in
        target.map { prediction($0, DeterministicMath.exponential(-loss)) }
      }, targetProbability: row.candidateLoss.map { DeterministicMath.exponential(-$0) })
  }
}

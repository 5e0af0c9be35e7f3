import Architectures
import Bytes
import Evaluation
import Quantization

/// The predictions of a candidate measured against those of its reference.
public struct Predictions: Sendable {
  /// The output of the forward pass.
  public let output: ForwardPassFeatures.Output
  /// The number of tokens in the vocabulary.
  public let vocabularySize: Int
  /// The texts whose vectors were compared, for encoders.
  public let textCount: Int
  /// The errors of all logits, or of the embeddings of all chunks.
  public let logits: ErrorMetrics
  /// Whether every logit, or every element of the embeddings, has the same bits in both.
  public let hasSameBits: Bool
  /// The KL divergence of the next-token distributions at each position, in nats.
  public let divergence: SampleStatistics
  /// Positions where a model's logits are NaN or infinite, which have no divergence; such elements of embeddings.
  public let nonfiniteCount: Int
  /// The share of positions with the same most likely token.
  public let topOneAgreement: Double
  /// The perplexity of both models on the tokens; nil if nothing was scored.
  public let referencePerplexity: Perplexity?, candidatePerplexity: Perplexity?
  /// The perplexity of the candidate over that of the reference.
  public let perplexityRatio: PerplexityRatio?
  /// The change in the probability of the correct token (Δp), at each scored position.
  public let probabilityDelta: SampleStatistics
  /// The compared positions, in order.
  let rows: [LogitRowComparison]

  init(_ collector: PredictionCollector) {
    output = collector.output
    vocabularySize = collector.vocabularySize
    textCount = collector.textCount
    rows = collector.rows
    logits = collector.logits
    hasSameBits = rows.allSatisfy(\.hasSameBits) && collector.hasSameVectors
    divergence = SampleStatistics(rows.compactMap(\.divergence))
    nonfiniteCount = rows.count { $0.divergence == nil } + collector.nonfiniteElementCount
    topOneAgreement = rows.isEmpty ? 0 : Double(rows.count { $0.hasSameTop }) / Double(rows.count)
    referencePerplexity = Perplexity(losses: rows.compactMap(\.referenceLoss))
    candidatePerplexity = Perplexity(losses: rows.compactMap(\.candidateLoss))
    perplexityRatio = PerplexityRatio(
      losses: rows.compactMap { row in row.referenceLoss.flatMap { one in row.candidateLoss.map { (one, $0) } } })
    probabilityDelta = SampleStatistics(rows.compactMap(\.probabilityDelta))
  }

  /// The quality of the candidate's predictions.
  public var quality: Quality { Quality(self) }

  /// Whether the forward pass gives vectors of texts and not logits.
  var isEmbedding: Bool { output != .logits }

  /// Returns the value of a metric; nil for metrics of tensors.
  public func value(_ metric: Budget.Metric) -> Double? {
    switch metric {
    // An encoder predicts nothing, so it exceeds every limit on predictions.
    case .divergence where isEmbedding, .klP99 where isEmbedding, .maximumDivergence where isEmbedding,
      .topOneAgreement where isEmbedding:
      .nan
    case .divergence: divergence.mean
    case .klP99: divergence.p99
    case .maximumDivergence: divergence.maximum
    case .topOneAgreement: topOneAgreement
    case .nmse, .maximumAbsolute, .rmse, .cosine: logits.value(metric)
    }
  }

  /// The figures as members of a report.
  var members: JSON.Object {
    [
      "same_bits": .bool(hasSameBits),
      "logits": logits.json,
      "kl": isEmbedding ? .null : divergence.json,
      "nonfinite_positions": .integer(nonfiniteCount),
      "top1": isEmbedding ? .null : .real(topOneAgreement),
      "perplexity": .members([
        "reference": referencePerplexity?.json ?? .null, "candidate": candidatePerplexity?.json ?? .null,
        "ratio": perplexityRatio?.json ?? .null,
      ]),
      "probability_delta": probabilityDelta.count == 0
        ? .null : .members(["rms": .real(probabilityDelta.rootMeanSquare), "distribution": probabilityDelta.json]),
    ]
  }

  /// The figures in words, each with its name.
  var figures: [(name: String, value: String)] {
    let figures = [
      (output.words, hasSameBits ? "same bits" : "different"),
      ("NMSE", logits.normalizedMeanSquareError.metricText),
      ("max abs", logits.maximumAbsoluteError.metricText),
    ]
    return figures + (isEmbedding ? [("cosine", logits.cosine.fixed(8))] : predictionFigures)
  }

  /// The figures about next tokens.
  private var predictionFigures: [(name: String, value: String)] {
    let percentiles = [
      ("p50", divergence.p50), ("p90", divergence.p90), ("p95", divergence.p95), ("p99", divergence.p99),
      ("max", divergence.maximum),
    ].map { "\($0) \($1.metricText)" }.joined(separator: ", ")
    var figures = [
      ("KL divergence", "mean \(divergence.mean.withUncertainty(divergence.standardError)), \(percentiles)"),
      ("top-1 agreement", topOneAgreement.percentage),
    ]
    if probabilityDelta.count > 0 {
      let mean = (probabilityDelta.mean * 100).withUncertainty(probabilityDelta.standardError * 100)
      let rms = (probabilityDelta.rootMeanSquare * 100).metricText
      figures.append(("Δp of the correct token", "mean \(mean) %, RMS \(rms) %"))
    }
    if let one = referencePerplexity, let other = candidatePerplexity {
      figures.append(("perplexity", "\(one) in the reference, \(other) in the candidate"))
      if let perplexityRatio { figures.append(("perplexity ratio", "\(perplexityRatio)")) }
    }
    return figures
  }
}

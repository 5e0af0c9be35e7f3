import Bytes
import Evaluation
import Inference

extension LogitComparison {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.verify/1"

  /// The report; metrics that are NaN or infinite are null.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema),
      "reference": DiffSide(reference).json,
      "candidate": DiffSide(candidate).json,
      "passes": .bool(passes),
      "budget": budget.json,
      "tokens": .integer(tokens.tokenCount),
      "left_over_tokens": .integer(tokens.leftOverCount),
      "chunks": .integer(tokens.chunks.count),
      "same_bits": .bool(hasSameBits),
      "logits": logits.json,
      "kl": output != .logits ? .null : divergence.json,
      "nonfinite_positions": .integer(nonfiniteCount),
      "top1": output != .logits ? .null : .real(topOneAgreement),
      "perplexity": .members([
        "reference": referencePerplexity?.json ?? .null, "candidate": candidatePerplexity?.json ?? .null,
        "ratio": perplexityRatio?.json ?? .null,
      ]),
      "probability_delta": probabilityDelta.count == 0
        ? .null : .members(["rms": .real(probabilityDelta.rootMeanSquare), "distribution": probabilityDelta.json]),
      "layer_threshold": .real(layerThreshold),
      "first_diverged": firstDiverged.map { .string("\($0.point)") } ?? .null,
      "layers": .array(states.map(\.json)),
      "findings": findings.json,
    ])
  }

  /// The figures in words, each with its name.
  public var figures: [(name: String, value: String)] {
    var figures = [
      ("tokens", "\(tokens.tokenCount.grouped) in \(counted(tokens.chunks.count, "chunk"))\(leftOver)"),
      (output.words, hasSameBits ? "same bits" : "different"),
      ("NMSE", logits.normalizedMeanSquareError.metricText),
      ("max abs", logits.maximumAbsoluteError.metricText),
    ]
    switch output {
    case .embedding, .scores: figures.append(("cosine", logits.cosine.fixed(8)))
    case .logits: figures += predictionFigures
    }
    return figures + [("budget", budget.description)]
  }

  /// The tokens that were not compared.
  private var leftOver: String {
    tokens.leftOverCount == 0 ? "" : ", \(tokens.leftOverCount.grouped) left over at the end"
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

  /// A row for the embedding, each layer and the final norm.
  public var layerTable: ReportTable {
    let sublayers = addedSublayers
    return ReportTable(
      columns: [.left("after"), .right("NMSE"), .right("max abs"), .right("cosine")]
        + sublayers.map { .right("\($0.words) NMSE") },
      rows: states.map { $0.cells(sublayers) })
  }

  /// The sublayers that the models have.
  var addedSublayers: [ForwardPass.Sublayer] {
    ForwardPass.Sublayer.allCases.filter { sublayer in states.contains { $0.added[sublayer] != nil } }
  }
}

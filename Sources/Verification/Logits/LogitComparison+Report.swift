import Bytes
import Evaluation
import Inference

extension LogitComparison {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.verify/1"

  /// The report; metrics that are not finite are null.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema),
      "reference": DiffSide(reference).json,
      "candidate": DiffSide(candidate).json,
      "passes": .bool(passes),
      "budget": budget.json,
      "tokens": .integer(tokens.tokenCount),
      "windows": .integer(tokens.windows.count),
      "same_bits": .bool(hasSameBits),
      "logits": logits.json,
      "kl": givesEmbedding ? .null : divergence.json,
      "nonfinite_positions": .integer(nonfiniteCount),
      "top1": givesEmbedding ? .null : .real(sameTopShare),
      "perplexity": .members([
        "reference": referencePerplexity?.json ?? .null, "candidate": candidatePerplexity?.json ?? .null,
        "ratio": perplexityRatio?.json ?? .null,
      ]),
      "probability_delta": probabilityDelta.count == 0
        ? .null : .members(["rms": .real(probabilityDelta.rootMeanSquare), "distribution": probabilityDelta.json]),
      "layer_threshold": .real(layerThreshold),
      "first_diverged": firstDiverged.map { .string("\($0.place)") } ?? .null,
      "layers": .array(states.map(\.json)),
      "findings": findings.json,
    ])
  }

  /// The figures in words, a pair of a name and a value each.
  public var figures: [(name: String, value: String)] {
    var figures = [
      ("tokens", "\(tokens.tokenCount.grouped) in \(counted(tokens.windows.count, "window"))"),
      (givesEmbedding ? "embedding" : "logits", hasSameBits ? "the same bits" : "different"),
      ("NMSE", logits.normalizedMeanSquareError.scientific),
      ("max abs", logits.maximumAbsoluteError.scientific),
    ]
    if givesEmbedding {
      return figures + [("cosine", logits.cosine.fixed(8)), ("budget", budget.description)]
    }
    figures += [
      (
        "KL divergence",
        "mean \(divergence.mean.metricText) ± \(divergence.standardError.metricText), median "
          + "\(divergence.median.metricText), 90 % \(divergence.percentile90.metricText), 95 % "
          + "\(divergence.percentile95.metricText), 99 % \(divergence.percentile99.metricText), max "
          + divergence.maximum.metricText
      ),
      ("same top token", "\((sameTopShare * 100).fixed(2)) %"),
    ]
    if probabilityDelta.count > 0 {
      figures.append(
        (
          "right token Δp",
          "mean \((probabilityDelta.mean * 100).fixed(3)) ± \((probabilityDelta.standardError * 100).fixed(3)) %, "
            + "RMS \((probabilityDelta.rootMeanSquare * 100).fixed(3)) %"
        ))
    }
    if let one = referencePerplexity, let other = candidatePerplexity {
      figures.append(("perplexity", "\(one) in the reference, \(other) in the candidate"))
      if let perplexityRatio { figures.append(("perplexity ratio", "\(perplexityRatio)")) }
    }
    figures.append(("budget", budget.description))
    return figures
  }

  /// A row for the embedding, each layer and the last norm.
  public var layerTable: ReportTable {
    let stages = addedStages
    return ReportTable(
      columns: [.left("after"), .right("NMSE"), .right("max abs"), .right("cosine")]
        + stages.map { .right("\($0.words) NMSE") },
      rows: states.map { $0.cells(stages) })
  }

  /// The parts that layers of the models have.
  var addedStages: [ForwardPass.Sublayer] {
    ForwardPass.Sublayer.allCases.filter { stage in states.contains { $0.added[stage] != nil } }
  }
}

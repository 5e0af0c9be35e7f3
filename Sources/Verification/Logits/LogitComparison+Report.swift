import Bytes
import Evaluation
import Inference

extension LogitComparison {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.verify/1"

  /// The report; metrics that are NaN or infinite are null.
  public var json: JSON {
    var members: JSON.Object = [
      "schema": .string(Self.schema),
      "reference": DiffSide(reference).json,
      "candidate": DiffSide(candidate).json,
      "passes": .bool(passes),
      "budget": budget.json,
      "text": text?.json ?? .null,
      "tokens": .integer(tokens.tokenCount),
      "left_over_tokens": .integer(tokens.leftOverCount),
      "chunks": .integer(tokens.chunks.count),
    ]
    members.merge(predictions.members) { $1 }
    members["layer_threshold"] = .real(layerThreshold)
    members["first_diverged"] = firstDiverged.map { .string("\($0.point)") } ?? .null
    members["layers"] = .array(states.map(\.json))
    members["findings"] = findings.json
    return .object(members)
  }

  /// The figures in words, each with its name.
  public var figures: [(name: String, value: String)] {
    var figures = [("tokens", tokens.words)] + predictions.figures + [("budget", budget.description)]
    // A text on the command line is known to the one who typed it.
    if let text, text.origin != .argument { figures.insert(("text", text.description), at: 0) }
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

extension TokenChunks {
  /// `1,024 in 2 chunks, 17 left over at the end`
  var words: String {
    "\(tokenCount.grouped) in \(counted(chunks.count, "chunk"))"
      + (leftOverCount == 0 ? "" : ", \(leftOverCount.grouped) left over at the end")
  }
}

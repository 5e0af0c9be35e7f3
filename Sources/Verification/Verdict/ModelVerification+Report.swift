import Bytes

extension ModelVerification {
  /// The name and version of the layout of `json`.
  public static let schema = LogitComparison.schema

  /// The report of the logits, with the weights and the diagnoses.
  public var json: JSON {
    guard var members = logits.json.object else { return .null }
    members["passes"] = .bool(passes)
    for (key, value) in verdicts { members[key] = value }
    members["weights"] = weights.map(Self.summary) ?? .null
    members["worst_tensors"] = .array(worstTensors(10).map(\.json))
    members["worst_positions"] = .array(logits.worstPositions(10).map(\.json))
    members["diagnoses"] = .array(diagnoses.map(\.json))
    members["findings"] = findings.json
    return .object(members)
  }

  private static func summary(_ weights: CheckpointDiff) -> JSON {
    .members(["passes": .bool(weights.passes), "coverage": weights.coverage.json, "summary": .string(weights.summary)])
  }

  /// The figures in words, each with its name.
  public var figures: [(name: String, value: String)] {
    guard let weights else { return logits.figures }
    return logits.figures + [("weights", "\(weights.summary) (\(weights.coverage))")]
  }
}

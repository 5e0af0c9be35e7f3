import Architectures
import Bytes

extension AppliedTransforms.Finding {
  /// The finding in one sentence; `scheme` is the name of the model's naming scheme.
  public func words(scheme: String) -> String {
    var text = "\(subject) \(state(isApplied))"
    switch source {
    case .option: text += " (--has-transform)"
    case .names: text += " (declared by the naming scheme)"
    case .values: break
    }
    if isSurprising { text += ", but the naming scheme \(scheme.quoted) declares that they \(state(isDeclared))" }
    if let evidence { text += ": \(evidence.words)" }
    return text
  }

  private var subject: String { transform == .plusOne ? "norms" : "rows of queries and keys" }

  private func state(_ isApplied: Bool) -> String {
    switch (transform, isApplied) {
    case (.plusOne, true): "have 1 added"
    case (.plusOne, false): "have no 1 added"
    case (_, true): "are interleaved"
    case (_, false): "are half-split"
    }
  }

  /// The finding as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "transform": .string(transform.rawValue), "declared": .bool(isDeclared), "applied": .bool(isApplied),
      "decided_by": .string(source.rawValue), "evidence": evidence?.json ?? .null,
    ])
  }
}

extension AppliedTransforms {
  /// The findings as documented in `docs/json.md`.
  public var json: JSON { .array(findings.map(\.json)) }
}

extension AppliedTransforms.Evidence {
  /// `of 1,024 values in 5 tensors 49.1 % are below 0, 50.2 % from 0 to 1`
  public var words: String {
    switch self {
    case .signs(let counts):
      func percent(_ count: Int) -> String { "\((counts.share(count) * 100).fixed(1)) %" }
      return "of \(counted(counts.count, "value")) in \(counted(counts.tensorCount, "tensor")) "
        + "\(percent(counts.belowMinusOneCount)) are below -1, \(percent(counts.negativeCount)) from -1 to 0, "
        + "\(percent(counts.fractionCount)) from 0 to 1"
    case .rowNorms(let correlation):
      let (half, neighbor) = (correlation.half, correlation.neighbor)
      return "lengths of rows half a head apart correlate by \(half.mean.fixed(2)) (\(half.deviations.fixed(1)) σ), of "
        + "neighbors by \(neighbor.mean.fixed(2)) (\(neighbor.deviations.fixed(1)) σ), in "
        + counted(correlation.headCount, "head")
    }
  }

  fileprivate var json: JSON {
    switch self {
    case .signs(let counts):
      .members([
        "values": .integer(counts.count), "tensors": .integer(counts.tensorCount),
        "below_minus_one": .integer(counts.belowMinusOneCount), "minus_one_to_zero": .integer(counts.negativeCount),
        "zero_to_one": .integer(counts.fractionCount),
      ])
    case .rowNorms(let correlation):
      .members([
        "heads": .integer(correlation.headCount), "half_correlation": .real(correlation.half.mean),
        "half_deviations": .real(correlation.half.deviations),
        "neighbor_correlation": .real(correlation.neighbor.mean),
        "neighbor_deviations": .real(correlation.neighbor.deviations),
      ])
    }
  }
}

import Bytes
import Tensors

extension CheckpointDiff {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.diff/1"

  /// The report; infinite metrics are null.
  ///
  /// - Parameters:
  ///   - grouping: the groups to add, if any.
  ///   - texts: the differences of texts to add, if they were asked for.
  public func json(by grouping: TensorComparisonGroup.Kind? = nil, texts: [TextDifference]? = nil) -> JSON {
    var members: JSON.Object = [
      "schema": .string(Self.schema),
      "reference": reference.json,
      "candidate": candidate.json,
      "passes": .bool(passes),
      "coverage": coverage.json,
      "tensors": .array(tensors.map(\.json)),
      "hyperparameters": .array(hyperparameters.map(\.json)),
      "findings": findings.json,
    ]
    if let grouping { members["groups"] = .array(groups(by: grouping).map(\.json)) }
    if let texts { members["texts"] = .array(texts.map(\.json)) }
    return .object(members)
  }

  /// The report without groups and texts.
  public var json: JSON { json() }

  /// A row for each tensor: slot, formats, shape, outcome and metrics.
  public var table: ReportTable { table(of: tensors) }

  /// A row for each of some tensors.
  public func table(of tensors: [TensorComparison]) -> ReportTable {
    ReportTable(
      columns: [
        .left("tensor"), .left("format"), .right("shape"), .left("outcome"), .right("max abs"), .right("RMSE"),
        .right("NMSE"), .right("cosine"),
      ],
      rows: tensors.map(\.cells))
  }

  /// The tensors by outcome: `12 equal bytes, 18 equal values`.
  public var summary: String {
    var counts: [(verdict: String, count: Int)] = []
    for tensor in tensors {
      if let index = counts.firstIndex(where: { $0.verdict == tensor.verdict }) {
        counts[index].count += 1
      } else {
        counts.append((tensor.verdict, 1))
      }
    }
    return counts.map { "\($0.count.grouped) \($0.verdict)" }.joined(separator: ", ")
  }
}

extension Coverage {
  /// The counts, as in a report.
  public var json: JSON {
    .members([
      "compared_tensors": .integer(comparedTensorCount), "tensors": .integer(tensorCount),
      "compared_elements": .integer(comparedElementCount), "elements": .integer(elementCount),
      "complete": .bool(isComplete),
    ])
  }
}

extension TensorComparison {
  var json: JSON {
    .members([
      "slot": .string(identity.description),
      "outcome": .string(String(verdict.map { $0 == " " ? "_" : $0 })),
      "tied": .bool(isTied),
      "reference": reference?.json ?? .null,
      "candidate": candidate?.json ?? .null,
      "metrics": metrics?.json ?? .null,
      "wrong_rows": .array(wrongRows.map(\.json)),
    ])
  }

  fileprivate var cells: [String] {
    let formats = [reference, candidate].compactMap { $0?.encoding.escapedForDisplay }
    let format = formats.first == formats.last ? formats.first : formats.joined(separator: " → ")
    let shapes = [reference, candidate].compactMap { $0?.shape.description }
    let shape = shapes.first == shapes.last ? shapes.first : shapes.joined(separator: " → ")
    let figures: [String]
    if case .different(let metrics) = outcome {
      figures = [
        metrics.maximumAbsoluteError.metricText, metrics.rootMeanSquareError.metricText,
        metrics.normalizedMeanSquareError.metricText, metrics.cosine.fixed(8),
      ]
    } else {
      figures = [String](repeating: isCompared ? "0" : "–", count: 3) + [isCompared ? "1" : "–"]
    }
    return [identity.description.escapedForDisplay, format ?? "", shape ?? "", verdict + (isTied ? " (tied)" : "")]
      + figures
  }
}

extension TensorComparison.WrongRow {
  fileprivate var json: JSON {
    .members([
      "row": .integer(row), "nmse": .real(error), "baseline_nmse": baselineError.map { .real($0) } ?? .null,
    ])
  }
}

extension TensorDescriptor {
  fileprivate var json: JSON {
    .members([
      "name": .string(name.text), "format": .string(encoding),
      "shape": .array(shape.dimensions.map { .integer($0) }),
    ])
  }
}

extension ErrorMetrics {
  /// The metrics by the names that budgets use; null where infinite.
  public var json: JSON {
    .members([
      "differing_elements": .integer(differingCount), "nonfinite_mismatches": .integer(nonfiniteMismatchCount),
      "max_abs": .real(maximumAbsoluteError), "rmse": .real(rootMeanSquareError),
      "nmse": .real(normalizedMeanSquareError), "cosine": .real(cosine),
    ])
  }
}

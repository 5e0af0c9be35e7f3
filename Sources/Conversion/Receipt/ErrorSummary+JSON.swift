import Bytes
import Quantization

extension ErrorSummary {
  /// At most this many of the worst tensors are named.
  public static let namedCount = 10

  /// The summary as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "total": .object(total.members),
      "summed_nmse": .real(summedNMSE),
      "by_format": .array(groups.map(\.json)),
      "worst": .array(worst.prefix(Self.namedCount).map { .string($0.tensor.name.text) }),
      "lost": .array(lost.map { .string($0.tensor.name.text) }),
      "budget": budget?.json ?? .null,
      "passes": .bool(passes),
      "violations": .array(violations.map(\.json)),
    ])
  }
}

extension ErrorSummary.Group {
  fileprivate var json: JSON {
    var members: JSON.Object = [
      "from": .string(from), "to": .string(to.name), "tensors": .integer(tensorCount),
      "values": .integer(elementCount), "bytes": .integer(byteCount),
    ]
    for (key, value) in errors.members { members[key] = value }
    return .object(members)
  }
}

extension EncodingReport {
  /// The figures by the names that budgets use, and the histogram if there is one.
  var members: JSON.Object {
    var members: JSON.Object = ["changed": .integer(changedCount)]
    if changedCount > 0 {
      members["rmse"] = .real(rootMeanSquareError)
      members["nmse"] = .real(normalizedMeanSquareError)
      members["max_abs"] = .real(maximumAbsoluteError)
      members["cosine"] = .real(cosine)
    }
    if let histogram { members["histogram"] = histogram.json }
    return members
  }
}

extension ErrorHistogram {
  fileprivate var json: JSON {
    .members([
      "unchanged": .integer(unchangedCount),
      "ranges": .array(
        ranges.map {
          .members(["from": .real($0.lower), "to": .real($0.upper), "values": .integer($0.count)])
        }),
    ])
  }
}

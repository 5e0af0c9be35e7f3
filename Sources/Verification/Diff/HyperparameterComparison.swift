import Bytes
import Models

/// A hyperparameter of two models, with the keys that it comes from.
public struct HyperparameterComparison: Sendable, Hashable {
  /// One model's.
  public struct Side: Sendable, Hashable {
    /// The value, as text.
    public let value: String
    /// The key of config.json or of the metadata, or how it was inferred.
    public let origin: String
  }

  /// Its name in the architecture definition.
  public let name: String
  /// Each model's; nil if it has none.
  public let reference: Side?, candidate: Side?
  /// Whether they are equal as float32, the precision of a GGUF.
  public let areEqual: Bool

  var json: JSON {
    .members([
      "name": .string(name), "equal": .bool(areEqual), "reference": Self.json(reference),
      "candidate": Self.json(candidate),
    ])
  }

  private static func json(_ side: Side?) -> JSON {
    side.map { .members(["value": .string($0.value), "origin": .string($0.origin)]) } ?? .null
  }

  fileprivate var cells: [String] {
    let sides = [reference, candidate].flatMap { [$0?.value ?? "–", $0?.origin ?? ""] }
    return [name] + sides.map(\.escapedForDisplay) + [areEqual ? "equal" : "different"]
  }
}

extension CheckpointDiff {
  /// A row for each hyperparameter: name, and of each side the value and the key it comes from.
  public var hyperparameterTable: ReportTable {
    ReportTable(
      columns: [
        .left("hyperparameter"), .right("reference"), .left("from"), .right("candidate"), .left("from"), .left(""),
      ],
      rows: hyperparameters.map(\.cells))
  }
}

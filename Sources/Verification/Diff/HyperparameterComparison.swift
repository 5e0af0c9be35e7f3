import Bytes
import Models

/// A number of two models side by side, with the keys that state it.
public struct HyperparameterComparison: Sendable, Hashable {
  /// One model's.
  public struct Side: Sendable, Hashable {
    /// The value, as text.
    public let value: String
    /// Where it comes from.
    public let origin: String
  }

  /// Its name in the definition.
  public let name: String
  /// Each model's; nil if it has none.
  public let reference: Side?, candidate: Side?
  /// Whether they are equal as float32, which is what a GGUF keeps of them.
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
  /// A row for each number: name, each side's value and the key that states it.
  public var numberTable: ReportTable {
    ReportTable(
      columns: [
        .left("number"), .right("reference"), .left("stated as"), .right("candidate"), .left("stated as"), .left(""),
      ],
      rows: numbers.map(\.cells))
  }
}

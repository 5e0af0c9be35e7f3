import Architectures
import Bytes
import Models
import Tensors

extension ConversionPlan {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.plan/1"

  /// The plan as documented in `docs/json.md`.
  public var json: JSON {
    var members = facts
    if let sizeTarget { members["size_target"] = sizeTarget.json }
    if let graft { members["graft"] = graft.json }
    if let consumption { members["consumed_files"] = .array(consumption.files.map { .string($0.path) }) }
    return .object(members)
  }

  private var facts: JSON.Object {
    [
      "schema": .string(Self.schema),
      "source": .string(source.checkpoint.path), "destination": .string(destination),
      "architecture": .string(source.definition.name),
      "naming": .members(["from": .string(source.scheme.name), "to": .string(scheme.name)]),
      "applied_transforms": source.appliedTransforms.json,
      "files": .array(
        files.map {
          var members: JSON.Object = [
            "path": .string($0.path), "bytes": .integer($0.byteCount), "tensors": .integer($0.tensors.count),
          ]
          if let level = $0.compressionLevel { members["zstd_level"] = .integer(level) }
          return .object(members)
        }),
      "side_files": .array(sideFiles.map { .string($0.path) }),
      "tensors": .array(tensors.map { TensorOutcome(tensor: $0, report: nil).json }),
      "dropped": .array(dropped.map { .members(["name": .string($0.name.text), "reason": .string($0.reason)]) }),
      "departures": departures.json,
      "rounded": .array(rounded.map(\.json)),
      "messages": .array(
        messages.map { .members(["severity": .string($0.severity.rawValue), "message": .string($0.message)]) }),
    ]
  }
}

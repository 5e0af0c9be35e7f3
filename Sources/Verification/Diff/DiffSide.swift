import Architectures
import Bytes
import Formats
import Models
import Tensors

/// One side of a comparison: a checkpoint, and the model if its architecture is known.
public struct DiffSide: Sendable {
  public let checkpoint: Checkpoint
  /// Nil if the tensors cannot be mapped.
  public let model: Model?
  /// The reason for no model.
  public let reason: String?

  public init(_ model: Model) {
    checkpoint = model.checkpoint
    self.model = model
    reason = nil
  }

  /// Creates a side that is compared by tensor names, for a `reason`.
  public init(_ checkpoint: Checkpoint, reason: String) {
    self.checkpoint = checkpoint
    model = nil
    self.reason = reason
  }

  /// Opens the checkpoint at `path`, as a model if an architecture definition matches.
  ///
  /// - Throws: when files cannot be read, or `architecture` has no definition.
  public static func open(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil, adapters: [String] = [],
    appliedTransforms: TransformDetection = .namesOnly
  ) throws -> DiffSide {
    do {
      return DiffSide(
        try Model.open(
          path, library: library, architecture: architecture, adapters: adapters, appliedTransforms: appliedTransforms))
    } catch let error as ModelError where error.category == .input && adapters.isEmpty {
      return DiffSide(try Checkpoint.open(path), reason: error.description)
    } catch let error as LocatedError where error.reason is HyperparameterError && adapters.isEmpty {
      return DiffSide(try Checkpoint.open(path), reason: error.description)
    }
  }

  /// The path as the user named it.
  public var path: String { checkpoint.path }

  /// `llama in GGUF, "gguf" names`
  public var words: String {
    guard let model else { return "\(checkpoint.container.rawValue), unknown architecture" }
    return "\(model.definition.name) in \(checkpoint.container.rawValue), \(model.scheme.name.quoted) names"
  }

  /// The side, as in a report.
  public var json: JSON {
    var members: JSON.Object = [
      "path": .string(path), "container": .string(checkpoint.container.rawValue),
      "architecture": model.map { .string($0.definition.name) } ?? .null,
      "naming_scheme": model.map { .string($0.scheme.name) } ?? .null,
    ]
    if let appliedTransforms = model?.appliedTransforms, !appliedTransforms.findings.isEmpty {
      members["applied_transforms"] = appliedTransforms.json
    }
    return .object(members)
  }
}

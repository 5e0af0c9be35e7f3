import Architectures
import Bytes
import Formats
import Models
import Tensors

/// One side of a comparison: a checkpoint, understood as a model where its architecture is known.
public struct DiffSide: Sendable {
  /// The files.
  public let checkpoint: Checkpoint
  /// The model; nil if the tensors cannot be interpreted.
  public let model: Model?
  /// Why there is no model.
  public let reason: String?

  /// A model.
  public init(_ model: Model) {
    checkpoint = model.checkpoint
    self.model = model
    reason = nil
  }

  /// A checkpoint that is compared by the names of its tensors, for a `reason`.
  public init(_ checkpoint: Checkpoint, reason: String) {
    self.checkpoint = checkpoint
    model = nil
    self.reason = reason
  }

  /// Opens what is at `path`, as a model if a definition fits.
  ///
  /// - Throws: when files cannot be read, or `architecture` has no definition.
  public static func open(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil, adapters: [String] = [],
    appliedTransforms: TransformDetection = .declared
  ) throws -> DiffSide {
    do {
      return DiffSide(
        try Model.open(
          path, library: library, architecture: architecture, adapters: adapters, appliedTransforms: appliedTransforms))
    } catch let error as ModelError where error.category == .input && adapters.isEmpty {
      return DiffSide(try Checkpoint.open(path), reason: error.description)
    } catch let error as LocatedError where error.fact is HyperparameterError && adapters.isEmpty {
      return DiffSide(try Checkpoint.open(path), reason: error.description)
    }
  }

  /// The path as the user named it.
  public var path: String { checkpoint.path }

  /// `llama in GGUF, names as in "gguf"`
  public var words: String {
    guard let model else { return "\(checkpoint.container.rawValue), architecture not known" }
    return "\(model.definition.name) in \(checkpoint.container.rawValue), names as in \(model.scheme.name.quoted)"
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

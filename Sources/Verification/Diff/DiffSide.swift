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
  /// Whether `reason` is a fault of the files, not an architecture without a definition.
  public let isDefective: Bool
  /// Whether it was found to be something other than a model, such as an adapter.
  public private(set) var isOther = false

  public init(_ model: Model) {
    checkpoint = model.checkpoint
    self.model = model
    reason = nil
    isDefective = false
  }

  /// Creates a side that is compared by tensor names, for a `reason`.
  public init(_ checkpoint: Checkpoint, reason: String, isDefective: Bool = false) {
    self.checkpoint = checkpoint
    self.isDefective = isDefective
    model = nil
    self.reason = reason
  }

  /// Opens the checkpoint at `path`, as a model if an architecture definition matches.
  ///
  /// - Throws: when files cannot be read, the weights are in a form that is not read, or `architecture` has no definition.
  public static func open(
    _ path: String, library: ArchitectureLibrary, architecture: String? = nil, adapters: [String] = [],
    appliedTransforms: TransformDetection = .namesOnly
  ) throws -> DiffSide {
    guard adapters.isEmpty else {
      let model = try Model.open(
        path, library: library, architecture: architecture, adapters: adapters, appliedTransforms: appliedTransforms)
      if let unread = model.unreadForm { throw unread }
      return DiffSide(model)
    }
    return try DiffSide(
      model: {
        try Model.open(path, library: library, architecture: architecture, appliedTransforms: appliedTransforms)
      },
      checkpoint: { try Checkpoint.open(path) })
  }

  /// Interprets a checkpoint by headers and side files alone; its metadata need not be that of its files.
  static func headers(
    of checkpoint: Checkpoint, at location: InputLocation, library: ArchitectureLibrary
  ) throws -> DiffSide {
    try DiffSide(
      model: { try ModelOpening(checkpoint, at: location, library: library).model() }, checkpoint: { checkpoint })
  }

  /// The model, or the checkpoint and the reason if no definition fits.
  private init(model: () throws -> Model, checkpoint: () throws -> Checkpoint) throws {
    do {
      let model = try model()
      if let unread = model.unreadForm { throw unread }
      self.init(model)
    } catch let error as ModelError where error.category == .input {
      self.init(try checkpoint(), reason: error.description)
      if case .notAModel = error { isOther = true }
    } catch let error as LocatedError where error.reason is HyperparameterError {
      self.init(try checkpoint(), reason: error.description, isDefective: true)
    }
  }

  /// Whether it is a GGUF with a vocabulary and no tensors.
  var isVocabulary: Bool {
    checkpoint.stored.isEmpty && checkpoint.ggufMetadata?["tokenizer.ggml.tokens"] != nil
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

import Architectures
import Bytes
import Formats
import Models
import Tensors

/// One side of a comparison: a checkpoint, understood as a model where its architecture is known.
public struct DiffSubject: Sendable {
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
    _ path: String, library: DefinitionLibrary, architecture: String? = nil, adapters: [String] = [],
    dialect: DialectChoice = .declared
  ) throws -> DiffSubject {
    do {
      return DiffSubject(
        try Model.open(path, library: library, architecture: architecture, adapters: adapters, dialect: dialect))
    } catch let error as ModelError where error.category == .input && adapters.isEmpty {
      return DiffSubject(try Checkpoint.open(path), reason: error.description)
    } catch let error as FileFact where error.fact is ParameterError && adapters.isEmpty {
      return DiffSubject(try Checkpoint.open(path), reason: error.description)
    }
  }

  /// The path as the user named it.
  public var path: String { checkpoint.path }

  /// `llama in GGUF, names as in "gguf"`
  public var words: String {
    guard let model else { return "\(checkpoint.container.rawValue), architecture not known" }
    return "\(model.definition.name) in \(checkpoint.container.rawValue), names as in \(model.scheme.name.quoted)"
  }

  var json: JSON {
    var members: JSON.Object = [
      "path": .string(path), "container": .string(checkpoint.container.rawValue),
      "architecture": model.map { .string($0.definition.name) } ?? .null,
      "naming_scheme": model.map { .string($0.scheme.name) } ?? .null,
    ]
    if let dialect = model?.dialect, !dialect.findings.isEmpty { members["dialect"] = dialect.json }
    return .object(members)
  }
}

import Architectures
import Bytes
import Encodings
import Formats
import Models
import Tensors

/// The result of identifying a checkpoint.
public enum ModelIdentification: Sendable {
  /// A model of a known architecture.
  case model(Model)
  /// Something other than a model, such as an adapter, and the architecture that its metadata states.
  case other(RecognizedForm, architecture: String?)
  /// A container that can be read but not interpreted, and why.
  case unknown(reason: String)
}

extension CheckpointReport {
  /// Opens `path` and reports its contents, also if no definition of `library` matches.
  ///
  /// - Parameter appliedTransforms: whether values are read to detect the transforms of the tensors.
  /// - Throws: when the files cannot be read as a checkpoint at all.
  public init(
    path: String, library: ArchitectureLibrary, filter: Glob? = nil, appliedTransforms: TransformDetection = .namesOnly
  ) throws {
    try self.init(InputLocation(path), library: library, filter: filter, appliedTransforms: appliedTransforms)
  }

  /// Opens what is at `location`, as the initializer with a path does.
  public init(
    _ location: InputLocation, library: ArchitectureLibrary, filter: Glob? = nil,
    appliedTransforms: TransformDetection = .namesOnly
  ) throws {
    do {
      let model = try Model.open(location, library: library, appliedTransforms: appliedTransforms)
      self.init(model.checkpoint, recognition: .model(model), filter: filter)
    } catch ModelError.notAModel(_, let form, let architecture) {
      self.init(try Checkpoint.open(location), recognition: .other(form, architecture: architecture), filter: filter)
    } catch {
      // An error of the container itself occurs again here and is thrown.
      self.init(try Checkpoint.open(location), recognition: .unknown(reason: "\(error)"), filter: filter)
    }
  }
}

extension Model {
  /// The member `architecture`, as documented in `docs/json.md`.
  var json: JSON {
    var numbers: JSON.Object = [:]
    for rule in definition.hyperparameters {
      if let value = hyperparameters.values[rule.name] { numbers[ExactString(rule.name)] = value.json }
    }
    var members: JSON.Object = [
      "name": .string(definition.name), "naming_scheme": .string(scheme.name), "hyperparameters": .object(numbers),
      "rotary_scaling": .string(hyperparameters.rotaryScaling.name),
      "problems": .array(problems.map { .string("\($0)") }),
    ]
    if !appliedTransforms.findings.isEmpty { members["applied_transforms"] = appliedTransforms.json }
    return .object(members)
  }
}

extension RotaryScaling {
  /// The name of the method, as in config.json.
  public var name: String {
    switch self {
    case .none: "none"
    case .linear: "linear"
    case .dynamic: "dynamic"
    case .llama3: "llama3"
    case .yarn: "yarn"
    case .longrope: "longrope"
    case .piecewise: "nlpe"
    case .proportional: "proportional"
    }
  }
}

import Architectures
import Bytes
import Formats
import Models
import Tensors

/// What a checkpoint could be recognized as.
public enum ModelIdentification: Sendable {
  /// A model of a known architecture.
  case model(Model)
  /// A container that can be read but not interpreted, and why.
  case unknown(reason: String)
}

extension CheckpointReport {
  /// Opens `path` and says what it holds, whether or not a definition of `library` knows its tensors.
  ///
  /// - Parameter dialect: whether values are read to tell which transforms the tensors have.
  /// - Throws: when the files cannot be read as a checkpoint at all.
  public init(
    path: String, library: ArchitectureLibrary, filter: Glob? = nil, appliedTransforms: TransformDetection = .declared
  ) throws {
    do {
      let model = try Model.open(path, library: library, appliedTransforms: appliedTransforms)
      self.init(model.checkpoint, recognition: .model(model), filter: filter)
    } catch {
      // What is wrong with the container itself is found again here and thrown.
      self.init(try Checkpoint.open(path), recognition: .unknown(reason: "\(error)"), filter: filter)
    }
  }
}

extension Model {
  /// What was understood, as documented in `docs/json.md`.
  var json: JSON {
    var numbers: JSON.Object = [:]
    for rule in definition.parameters {
      if let value = parameters.values[rule.name] { numbers[ExactString(rule.name)] = value.json }
    }
    var members: JSON.Object = [
      "name": .string(definition.name), "naming_scheme": .string(scheme.name), "numbers": .object(numbers),
      "rotary_scaling": .string(parameters.rotaryScaling.name),
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
    }
  }
}

import Bytes

/// Why a checkpoint's architecture cannot be found.
public enum ModelError: IngotError {
  /// `fitting` are the definitions whose names and shapes are those of all tensors.
  case unknownArchitecture(path: String, classes: [String], modelType: String?, fitting: [String], known: [String])
  case unknownGGUFArchitecture(path: String, name: String, known: [String])
  case noArchitecture(path: String)
  case isAdapter(path: String)
  case unknownNames(path: String, sample: [String], known: [String])
  case noDefinition(name: String, known: [String])
  case noSuchTransform(String, architecture: String, known: [String])

  public var category: ErrorCategory {
    switch self {
    case .noDefinition, .noSuchTransform: .usage
    default: .input
    }
  }

  public var description: String {
    switch self {
    case .unknownArchitecture(let path, let classes, let modelType, let fitting, _) where !fitting.isEmpty:
      "\(path.escapedForDisplay): architecture \((classes.first ?? modelType ?? "").quoted) is not known, but its tensors"
        + " have the names and shapes of \(fitting.joined(separator: ", ")) (pass --arch-as \(fitting[0]) if it computes"
        + " as that does)"
    case .unknownArchitecture(let path, let classes, let modelType, _, let known):
      "\(path.escapedForDisplay): architecture \((classes.first ?? modelType ?? "").quoted) is not known (known: "
        + "\(known.joined(separator: ", ")); pass --arch-as NAME if it is one of these by another name)"
    case .unknownGGUFArchitecture(let path, let name, let known):
      "\(path.escapedForDisplay): general.architecture \(name.quoted) is not known (known: \(known.joined(separator: ", ")))"
    case .noArchitecture(let path):
      "\(path.escapedForDisplay): has no general.architecture, so its tensors cannot be interpreted"
    case .isAdapter(let path):
      "\(path.escapedForDisplay): is a low-rank adapter and no model of its own (pass the model that it was made for, with"
        + " --lora \(path.escapedForDisplay))"
    case .unknownNames(let path, let sample, let known):
      "\(path.escapedForDisplay): tensor names such as \(sample.map(\.quoted).joined(separator: ", ")) are of no known"
        + " naming scheme (known: \(known.joined(separator: ", ")); --mapping FILE can define one)"
    case .noDefinition(let name, let known):
      "architecture \(name.quoted) has no definition (known: \(known.joined(separator: ", ")))"
    case .noSuchTransform(let name, let architecture, let known):
      "--has-transform \(name): no tensor of \(architecture) has this transform (those that have: "
        + "\(known.isEmpty ? "none" : known.joined(separator: ", ")))"
    }
  }
}

import Bytes
import Encodings

/// An error of finding a checkpoint's architecture.
public enum ModelError: IngotError {
  /// `fitting` are the definitions whose names and shapes are those of all tensors.
  case unknownArchitecture(path: String, name: String, fitting: [String], hint: String)
  /// A config.json with neither `architectures` nor `model_type`; `fitting` as above.
  case namesNoArchitecture(path: String, fitting: [String])
  /// Tensors have the names and shapes of `definition`, but config.json names another architecture.
  case lookAlike(path: String, name: String, definition: String)
  case unknownGGUFArchitecture(path: String, name: String, hint: String)
  case noArchitecture(path: String)
  /// Another container where only the shards of a GGUF can change.
  case notAGGUF(path: String)
  case isAdapter(path: String)
  /// A file of a known form that is not a model; `architecture` is what its metadata states.
  case notAModel(path: String, RecognizedForm, architecture: String?)
  case unknownNames(path: String, sample: [String], known: [String])
  case noDefinition(name: String, hint: String)
  case noSuchTransform(String, architecture: String, known: [String])

  public var category: ErrorCategory {
    switch self {
    case .noDefinition, .noSuchTransform: .usage
    default: .input
    }
  }

  public var description: String {
    switch self {
    case .unknownArchitecture(let path, let name, let fitting, _) where !fitting.isEmpty:
      "\(path.escapedForDisplay): architecture \(name.quoted) is unknown, but its tensors have the names and shapes of"
        + " \(fitting[0])\(fitting.count > 1 ? " and others" : "") (pass --arch-as \(fitting[0]) if it computes the same)"
    case .unknownArchitecture(let path, let name, _, let hint):
      "\(path.escapedForDisplay): architecture \(name.quoted) is unknown (\(hint); pass --arch-as NAME if it is one of"
        + " them under another name)"
    case .namesNoArchitecture(let path, let fitting):
      "\(path.escapedForDisplay): config.json names no architecture: it has neither \("architectures".quoted)"
        + " with an entry nor \("model_type".quoted)"
        + (fitting.first.map { " (its tensors fit \($0): pass --arch-as \($0) if it computes the same)" }
          ?? " (pass --arch-as NAME if it is one of those that ingot architectures lists)")
    case .lookAlike(let path, let name, let definition):
      "\(path.escapedForDisplay): architecture \(name.quoted) is unknown; its tensors have the names and shapes of"
        + " \(definition), but nothing shows that it computes the same (--mapping FILE can define it)"
    case .unknownGGUFArchitecture(let path, let name, let hint):
      "\(path.escapedForDisplay): general.architecture \(name.quoted) is unknown (\(hint))"
    case .noArchitecture(let path):
      "\(path.escapedForDisplay): has no general.architecture, so its tensors cannot be interpreted"
    case .notAGGUF(let path): "\(path.escapedForDisplay): is not a GGUF, expected one (ingot convert makes it)"
    case .isAdapter(let path):
      "\(path.escapedForDisplay): is a LoRA adapter, not a model (pass the model that it was made for, with"
        + " --lora \(path.escapedForDisplay))"
    case .notAModel(let path, let form, _): "\(path.escapedForDisplay): \(form.refusal)"
    case .unknownNames(let path, let sample, let known):
      "\(path.escapedForDisplay): tensor names such as \(sample.map(\.quoted).joined(separator: ", ")) belong to no known"
        + " naming scheme (\(known.isEmpty ? "" : "known: \(known.joined(separator: ", ")); ")--mapping FILE can define one)"
    case .noDefinition(let name, let hint): "architecture \(name.quoted) is unknown (\(hint))"
    case .noSuchTransform(let name, let architecture, let known):
      "--has-transform \(name): no tensor of \(architecture) has this transform (those that have: "
        + "\(known.isEmpty ? "none" : known.joined(separator: ", ")))"
    }
  }
}

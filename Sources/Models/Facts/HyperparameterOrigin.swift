import Architectures

/// The origin of a hyperparameter's value.
public enum HyperparameterOrigin: Sendable, Hashable, CustomStringConvertible {
  /// A member of config.json, or of Meta's params.json.
  case member(String)
  /// A key-value pair of a GGUF.
  case pair(String)
  /// Inferred from the tensors: their shapes, or which are there.
  case tensors
  /// The definition's default.
  case `default`

  public var description: String {
    switch self {
    case .member(let key), .pair(let key): key
    case .tensors: "(tensors)"
    case .default: "(default)"
    }
  }
}

extension Model {
  /// Returns where the hyperparameter `name` comes from; nil if the model has none of that name.
  public func origin(of name: String) -> HyperparameterOrigin? {
    guard let rule = definition.hyperparameter(name), hyperparameters.values[name] != nil else { return nil }
    if let origin = facts.origin(of: rule, in: definition) { return origin }
    // A config.json leaves out values that are the default, even if the tensors show others.
    let isInferred = (rule.rowsOf != nil || rule.inferredFrom != nil) && configuration == nil
    return isInferred ? .tensors : .default
  }
}

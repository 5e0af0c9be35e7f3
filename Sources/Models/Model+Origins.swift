import Architectures
import Bytes
import Tensors

/// Where one of a model's numbers comes from.
public enum ParameterOrigin: Sendable, Hashable, CustomStringConvertible {
  /// A member of config.json, or of Meta's params.json.
  case member(String)
  /// A pair of a GGUF's metadata.
  case pair(String)
  /// The shapes of tensors, or which are there.
  case tensors
  /// Nothing states it; the definition does.
  case assumed

  public var description: String {
    switch self {
    case .member(let key), .pair(let key): key
    case .tensors: "(tensors)"
    case .assumed: "(default)"
    }
  }
}

extension Model {
  /// Where the number called `name` comes from; nil if the model has none of that name.
  public func origin(of name: String) -> ParameterOrigin? {
    guard let rule = definition.parameter(name), parameters.values[name] != nil else { return nil }
    if checkpoint.container == .gguf {
      if let key = definition.ggufKeys(of: rule).first(where: { checkpoint.metadata[$0] != nil }) { return .pair(key) }
    } else if let configuration {
      let key = rule.configKeys.first { configuration.member($0).map { !$0.isNull } ?? false }
      if let key { return .member(key) }
    } else if let key = rule.metaKey, let params = try? folder?.json("params.json"),
      (params["model"] ?? params)[key] != nil
    {
      return .member(key)
    }
    let isTold = rule.rowsOf != nil || rule.shownBy != nil
    return isTold && configuration == nil ? .tensors : .assumed
  }
}

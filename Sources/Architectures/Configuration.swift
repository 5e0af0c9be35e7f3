import Bytes

/// A model's config.json, read the same way whichever dialect wrote it.
///
/// transformers 4 has `rope_theta` and `rope_scaling` (with `type` or `rope_type`) and `torch_dtype`; transformers 5
/// has `rope_parameters` and `dtype`.
public struct Configuration: Sendable {
  /// The whole object.
  public let json: JSON

  /// Wraps a parsed config.json.
  public init(_ json: JSON) { self.json = json }

  /// The entries of `architectures`.
  public var classes: [String] { (json["architectures"]?.array ?? []).compactMap(\.string) }
  /// `model_type`.
  public var modelType: String? { json["model_type"]?.string }
  /// The element type the weights were saved in, by either key: `bfloat16`.
  public var elementTypeName: String? { (json["dtype"] ?? json["torch_dtype"])?.string }

  /// The first of `keys` that is present and not null.
  public func value(_ keys: [String]) -> JSON? {
    for key in keys {
      if let value = json[key], !value.isNull { return value }
    }
    return nil
  }

  /// The members that describe the rotary embedding, from whichever dialect, with `rope_type` always so called.
  public var rotary: JSON.Object {
    var members = JSON.Object()
    if let base = json["rope_theta"] { members["rope_theta"] = base }
    for key in ["rope_scaling", "rope_parameters"] {
      for (name, value) in json[key]?.object ?? [:] { members[name] = value }
    }
    if members["rope_type"] == nil, let type = members["type"] { members["rope_type"] = type }
    members["type"] = nil
    return members
  }
}

import Bytes

/// A model's config.json, of either version of transformers.
///
/// transformers 4 has `rope_theta` and `rope_scaling` (with `type` or `rope_type`) and `torch_dtype`; transformers 5
/// has `rope_parameters` and `dtype`.
public struct Configuration: Sendable {
  /// The whole object; the members of `text_config`, which a model with images or sound has, count as its own.
  public let json: JSON
  /// The object as it is in the file.
  public let original: JSON
  /// The `text_config` of a model with images or sound.
  private let text: JSON.Object?
  /// The pooling mode of the modules after an encoder, which have files of their own.
  public let poolingMode: String?

  /// The path by which a definition asks for `poolingMode`.
  public static let poolingPath = "sentence_transformers.pooling_mode"

  /// Wraps a parsed config.json.
  public init(_ json: JSON, poolingMode: String? = nil) {
    self.poolingMode = poolingMode
    original = json
    text = json["text_config"]?.object
    guard var members = json.object, let text else {
      self.json = json
      return
    }
    for (key, value) in text where key != "architectures" && key != "model_type" { members[key] = value }
    self.json = .object(members)
  }

  /// The entries of `architectures`, those of the text model first.
  public var classes: [String] {
    [text?["architectures"], json["architectures"]].flatMap { ($0?.array ?? []).compactMap(\.string) }
  }
  /// `model_type` of the text model.
  public var modelType: String? { textModelType ?? json["model_type"]?.string }
  /// `model_type` of a text model inside one with images or sound; nil for a model of its own.
  public var textModelType: String? { text?["model_type"]?.string }

  /// The members for a folder of the text model alone, without the configurations of images and audio.
  public var textMembers: JSON.Object {
    var members = (json.object ?? [:]).filter { !($0.key.text.hasSuffix("_config") && $0.value.object != nil) }
    for key in ["architectures", "model_type"] as [ExactString] { members[key] = text?[key] }
    return members
  }
  /// The element type the weights were saved in, by either key: `bfloat16`.
  public var elementTypeName: String? { (json["dtype"] ?? json["torch_dtype"])?.string }

  /// The member at `path`, whose names have dots between them: `rope_parameters.rope_theta`.
  public func member(_ path: String) -> JSON? {
    if path == Self.poolingPath { return poolingMode.map { .string($0) } }
    return path.split(separator: ".").reduce(Optional(json)) { value, name in value?[String(name)] }
  }

  /// The first of `paths` that is present and not null.
  public func value(_ paths: [String]) -> JSON? {
    paths.lazy.compactMap { member($0) }.first { !$0.isNull }
  }

  /// The members of the rotary embedding, of transformers 4 or 5; the type is always `rope_type`.
  public var rotary: JSON.Object {
    var members = JSON.Object()
    if let base = json["rope_theta"] { members["rope_theta"] = base }
    for key in ["rope_scaling", "rope_parameters"] {
      guard let stated = json[key] else { continue }
      // One set for each type of layers: that of full attention is scaled.
      for (name, value) in (stated["full_attention"] ?? stated).object ?? [:] { members[name] = value }
    }
    if members["rope_type"] == nil, let type = members["type"] { members["rope_type"] = type }
    members["type"] = nil
    if members["original_max_position_embeddings"] == nil, let original = json["original_max_position_embeddings"] {
      members["original_max_position_embeddings"] = original
    }
    return members
  }
}

import Bytes

/// A model's config.json, of either version of transformers.
///
/// transformers 4 has `torch_dtype` where transformers 5 has `dtype`; `RopeParameters` has the members of RoPE.
public struct Configuration: Sendable {
  /// The whole object; the members of a text model inside one with images or sound count as its own.
  public let json: JSON
  /// The RoPE parameters, as the class of the model combines the members that state them.
  public let rope: RopeParameters
  /// The object as it is in the file.
  public let original: JSON
  /// The pooling mode of the modules after an encoder, which have files of their own.
  public let poolingMode: String?
  /// The folder's generation_config.json.
  public let generation: JSON?
  /// The members of the text model in a model with images or sound.
  private let text: JSON.Object?

  /// Where classes have them, the last that is there counting, as in llama.cpp's converter (`load_hparams`): `llm_config` is
  /// InternVL's, `lm_config` GLM-ASR's, `thinker_config` that of Qwen's Omni models, `language_config` DeepSeek-OCR's.
  private static let textPaths = [
    ["text_config"], ["llm_config"], ["lm_config"], ["thinker_config", "text_config"], ["language_config"],
  ]

  /// The path by which a definition asks for `poolingMode`.
  public static let poolingPath = "sentence_transformers.pooling_mode"
  /// What begins the paths by which a definition asks for members of `generation`.
  private static let generationPrefix = "generation_config."
  /// What begins the paths by which a definition asks for members of `rope`, wherever config.json has them.
  private static let ropePrefix = "rope_parameters."

  /// Wraps a parsed config.json.
  public init(_ json: JSON, poolingMode: String? = nil, generation: JSON? = nil) {
    self.poolingMode = poolingMode
    self.generation = generation
    original = json
    text = Self.textPaths.compactMap { path in path.reduce(Optional(json)) { $0?[$1] }?.object }.last
    var merged = json
    if var members = json.object, let text {
      for (key, value) in text where key != "architectures" && key != "model_type" { members[key] = value }
      merged = .object(members)
    }
    self.json = merged
    rope = RopeParameters(Self.ropeSource(text, merged), form: .single)
  }

  private init(_ other: Configuration, ropeForm: RopeParameters.Form) {
    (json, original, text) = (other.json, other.original, other.text)
    (poolingMode, generation) = (other.poolingMode, other.generation)
    rope = RopeParameters(Self.ropeSource(text, json), form: ropeForm)
  }

  /// The object whose RoPE members count: a text model's own come before those of the whole.
  private static func ropeSource(_ text: JSON.Object?, _ merged: JSON) -> JSON {
    guard let text, text["rope_scaling"]?.object != nil || text["rope_parameters"]?.object != nil else { return merged }
    return .object(text)
  }

  /// Returns the same configuration with its RoPE parameters combined as a class with this form combines them.
  public func reading(rope form: RopeParameters.Form) -> Configuration { Configuration(self, ropeForm: form) }

  /// The entries of `architectures`, those of the text model first.
  public var classes: [String] {
    [text?["architectures"], json["architectures"]].flatMap { ($0?.array ?? []).compactMap(\.string) }
  }
  /// `model_type` of the text model.
  public var modelType: String? { textModelType ?? json["model_type"]?.string }
  /// `model_type` of a text model inside one with images or sound; nil for a model of its own.
  public var textModelType: String? { text?["model_type"]?.string }

  /// The types of a model with images or sound and of the text model in it: `OUTER.INNER`. Classes may read a text model of
  /// another type than the file states.
  public var nestedModelType: String? {
    guard let inner = textModelType, let outer = json["model_type"]?.string else { return nil }
    return "\(outer).\(inner)"
  }

  /// The members that describe the text model: those of `text_config`, or all.
  public var ownMembers: JSON.Object { text ?? json.object ?? [:] }

  /// The members for a folder of the text model alone, without the configurations of images and audio.
  public var textMembers: JSON.Object {
    var members = (json.object ?? [:]).filter { !($0.key.text.hasSuffix("_config") && $0.value.object != nil) }
    for key in ["architectures", "model_type"] as [ExactString] { members[key] = text?[key] }
    return members
  }
  /// The element type the weights were saved in, by either key: `bfloat16`.
  public var elementTypeName: String? { (json["dtype"] ?? json["torch_dtype"])?.string }

  /// The member at `path`, whose names have dots between them: `attn_config.alibi`.
  ///
  /// A path that begins with `rope_parameters` is looked up in `rope`. A name `*` is any name: the member is what all
  /// objects there have, or the list of what they have where they differ (`per_layer_config.*.head_dim`).
  public func member(_ path: String) -> JSON? {
    if path == Self.poolingPath { return poolingMode.map { .string($0) } }
    if path.hasPrefix(Self.ropePrefix) { return rope.member(path.dropFirst(Self.ropePrefix.count)) }
    if path.hasPrefix(Self.generationPrefix) { return generation?[String(path.dropFirst(Self.generationPrefix.count))] }
    return Self.member(path.split(separator: ".")[...], of: json)
  }

  private static func member(_ path: ArraySlice<Substring>, of value: JSON) -> JSON? {
    guard let name = path.first else { return value }
    guard name == "*" else { return value[String(name)].flatMap { member(path.dropFirst(), of: $0) } }
    let values = (value.object ?? [:]).compactMap { member(path.dropFirst(), of: $0.value) }
    guard let first = values.first else { return nil }
    return values.allSatisfy { $0 == first } ? first : .array(values)
  }

  /// Returns the path at which config.json has the member that `path` asks for.
  public func location(_ path: String) -> String {
    path.hasPrefix(Self.ropePrefix) ? rope.location(path.dropFirst(Self.ropePrefix.count)) : path
  }
}

import Bytes

extension ForwardPassFeatures {
  /// Reads the member `forward_pass` of a definition; members that are absent are LLaMA's.
  public init(json: JSON) throws(DefinitionError) {
    var entry = try StrictObject(json, at: "forward_pass")
    self.init()
    norm = try entry.choice("norm") ?? norm
    normWeightOffset = try entry.integer("norm_weight_offset") ?? normWeightOffset
    residual = try entry.choice("residual") ?? residual
    activation = try entry.choice("activation") ?? activation
    positions = try entry.choice("positions") ?? positions
    rotaryPairs = try entry.choice("rotary_pairs") ?? rotaryPairs
    queryKeyNorm = try entry.choice("query_key_norm") ?? queryKeyNorm
    normalizesRotated = try entry.optionalFlag("normalizes_rotated") ?? normalizesRotated
    mask = try entry.choice("mask") ?? mask
    output = try entry.choice("output") ?? output
    classifierActivation = try entry.choice("classifier_activation") ?? classifierActivation
    scalesEmbeddings = try entry.optionalFlag("scales_embeddings") ?? scalesEmbeddings
    normalizesValues = try entry.optionalFlag("normalizes_values") ?? normalizesValues
    try entry.finish()
  }

  /// The features as a definition has them, with all members that its output has.
  public var json: JSON {
    var members: JSON.Object = [
      "norm": .string(norm.rawValue), "norm_weight_offset": .integer(normWeightOffset),
      "residual": .string(residual.rawValue),
      "activation": .string(activation.rawValue), "positions": .string(positions.rawValue),
      "rotary_pairs": .string(rotaryPairs.rawValue), "query_key_norm": .string(queryKeyNorm.rawValue),
      "normalizes_rotated": .bool(normalizesRotated),
      "mask": .string(mask.rawValue), "output": .string(output.rawValue), "scales_embeddings": .bool(scalesEmbeddings),
      "normalizes_values": .bool(normalizesValues),
    ]
    if output != .logits { members["classifier_activation"] = .string(classifierActivation.rawValue) }
    return .object(members)
  }
}

extension ForwardPassFeatures.Activation {
  /// The activation by the name that config.json gives it (transformers' `ACT2FN`); nil if no such function is known.
  ///
  /// T5 puts `gated-` before the names of networks with a gate, and by `gated-gelu` means the approximation.
  public init?(configurationName: String) {
    switch configurationName.hasPrefix("gated-") ? String(configurationName.dropFirst(6)) : configurationName {
    case "gelu" where configurationName == "gated-gelu": self = .geluTanh
    case "silu", "swish", "swiglu": self = .silu
    case "gelu", "gelu_python": self = .gelu
    case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_accurate", "gelu_python_tanh", "gelu_tanh", "geglu":
      self = .geluTanh
    case "relu": self = .relu
    case "tanh": self = .tanh
    case "relu2", "relu_squared": self = .reluSquared
    default: return nil
    }
  }
}

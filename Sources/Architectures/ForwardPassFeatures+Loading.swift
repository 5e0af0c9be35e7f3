import Bytes

extension ForwardPassFeatures {
  /// Reads the member `forward_pass` of a definition; members that are absent are LLaMA's.
  public init(json: JSON) throws(DefinitionError) {
    var entry = try StrictObject(json, at: "forward_pass")
    self.init()
    try entry.choose("norm", &norm)
    try entry.set("adds_one_to_norms", &addsOneToNorms)
    try entry.choose("blocks", &blocks)
    try entry.choose("activation", &activation)
    try entry.choose("positions", &positions)
    try entry.choose("rotary_pairs", &rotaryPairs)
    try entry.choose("query_key_norm", &queryKeyNorm)
    try entry.choose("mask", &mask)
    try entry.choose("output", &output)
    try entry.set("scales_embeddings", &scalesEmbeddings)
    try entry.finish()
  }

  /// The features as they stand in a definition, with all members.
  public var json: JSON {
    .members([
      "norm": .string(norm.rawValue), "adds_one_to_norms": .bool(addsOneToNorms), "blocks": .string(blocks.rawValue),
      "activation": .string(activation.rawValue), "positions": .string(positions.rawValue),
      "rotary_pairs": .string(rotaryPairs.rawValue), "query_key_norm": .string(queryKeyNorm.rawValue),
      "mask": .string(mask.rawValue), "output": .string(output.rawValue), "scales_embeddings": .bool(scalesEmbeddings),
    ])
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
    case "relu2", "relu_squared": self = .reluSquared
    default: return nil
    }
  }
}

extension StrictObject {
  /// Sets `choice` to the case that the member `key` names, if it is there.
  fileprivate mutating func choose<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ choice: inout Choice
  ) throws(DefinitionError) {
    guard let name = try optionalString(key) else { return }
    guard let chosen = Choice(rawValue: name) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw DefinitionError(place: path(key), fact: .wrongKind(expected: "one of \(known)", found: name.quoted))
    }
    choice = chosen
  }

  /// Sets `flag` to the member `key`, if it is there.
  fileprivate mutating func set(_ key: String, _ flag: inout Bool) throws(DefinitionError) {
    guard let value = take(key) else { return }
    guard let stated = value.bool else {
      throw DefinitionError(place: path(key), fact: .wrongKind(expected: "a boolean", found: value.kindName))
    }
    flag = stated
  }
}

import Bytes

// Meta's params.json, as its programs read it (llama-models, `ModelArgs`):
//
//   dim, n_layers, n_heads, n_kv_heads, norm_eps, rope_theta    numbers; absent ones have the defaults of the programs
//   vocab_size                                                  -1: the tokenizer's
//   multiple_of, ffn_dim_multiplier                             the inner width of the feed-forward network, by a formula
//   use_scaled_rope                                             the RoPE scaling of Llama 3.1 (`apply_scaling`)
//   rope_scaling_factor, rope_high_freq_factor                  of Llama 4: other numbers of that scaling
//   head_dim                                                    elements of a head; absent: dim / n_heads
//   max_seq_len                                                 the context; usually left to the command line
//   max_position_embeddings                                     the same in Mistral's files

extension ArchitectureDefinition {
  /// The scaling that `use_scaled_rope` means without further members.
  private enum MetaRopeScaling {
    static let factor = 8.0, lowFrequencyFactor = 1.0, highFrequencyFactor = 4.0, originalContextLength = 8192
  }

  /// Members of params.json that are read here, that tensors show, or that say nothing of the model.
  static let otherMetaKeys: Set<String> = [
    "multiple_of", "ffn_dim_multiplier", "hidden_dim", "head_dim", "use_scaled_rope", "rope_scaling_factor",
    "rope_high_freq_factor", "max_batch_size", "model_parallel_size",
  ]

  /// Reads the hyperparameters of Meta's params.json, whose members may be nested in "model".
  public func hyperparameters(ofMeta params: JSON, observed: ObservedTensors) throws(HyperparameterError)
    -> HyperparameterSet
  {
    let members = Self.metaMembers(params)
    var set = try complete(defaults: [:], observed: observed) { rule throws(HyperparameterError) in
      let stated = rule.metaKeys.lazy.compactMap { key in members[ExactString(key)].map { (key, $0) } }
      guard let (key, value) = stated.first(where: { !$0.1.isNull && $0.1.integer != -1 }) else { return nil }
      return try rule.value(value, key: key)
    }
    if let stated = members["head_dim"], !stated.isNull, let rule = hyperparameter("head_dimension") {
      set.values[rule.name] = try rule.value(stated, key: "head_dim")
    }
    if members["use_scaled_rope"]?.bool == true {
      func number(_ key: ExactString, _ fallback: Double) throws(HyperparameterError) -> Double {
        guard let value = members[key]?.real else { return fallback }
        guard value.isFinite, value > 0 else { throw .outOfRange(name: key.text, value: value) }
        return value
      }
      set.rotaryScaling = .llama3(
        factor: try number("rope_scaling_factor", MetaRopeScaling.factor),
        lowFrequencyFactor: MetaRopeScaling.lowFrequencyFactor,
        highFrequencyFactor: try number("rope_high_freq_factor", MetaRopeScaling.highFrequencyFactor),
        originalContextLength: MetaRopeScaling.originalContextLength)
    }
    // Meta omits the defaults of its programs; a GGUF must state them.
    set.explicit = Set(set.values.keys)
    return set
  }

  /// What params.json leaves open and what of it is not read, in words.
  public func metaRemarks(_ params: JSON) -> [String] {
    let members = Self.metaMembers(params)
    var remarks: [String] = []
    let known = Self.otherMetaKeys.union(hyperparameters.flatMap(\.metaKeys))
    let unread = members.keys.map(\.text).filter {
      !known.contains($0) && !(members[ExactString($0)]?.isNothing ?? true)
    }
    if !unread.isEmpty {
      remarks.append("params.json: \(ConfigurationRemark.list(unread)) not read and may change the computation")
    }
    if members["use_scaled_rope"]?.bool == true, members["rope_scaling_factor"] == nil {
      remarks.append(
        "params.json: \"use_scaled_rope\" states no factor, so that of Llama 3.1, 8, is assumed (the configurations of"
          + " Llama 3.2 1B and 3B for transformers have 32)")
    }
    return remarks
  }

  /// The members of Meta's params.json.
  public func metaMembers(_ set: HyperparameterSet) -> JSON.Object {
    var members = JSON.Object()
    for rule in hyperparameters {
      guard let key = rule.metaKeys.first, let value = set.values[rule.name] else { continue }
      members[ExactString(key)] = value.json
    }
    if let length = set.integer("feed_forward_length"), let dim = set.integer("embedding_length"),
      let stated = MetaFeedForward.members(length: length, dim: dim)
    {
      members["multiple_of"] = .integer(stated.multipleOf)
      if let multiplier = stated.multiplier { members["ffn_dim_multiplier"] = .real(multiplier) }
    }
    if let rule = hyperparameter("head_dimension"), let value = set.values[rule.name], value != rule.formulaDefault(set)
    {
      members["head_dim"] = value.json
    }
    if case .llama3(let factor, _, let high, _) = set.rotaryScaling {
      members["use_scaled_rope"] = .bool(true)
      if factor != MetaRopeScaling.factor { members["rope_scaling_factor"] = .real(factor) }
      if high != MetaRopeScaling.highFrequencyFactor { members["rope_high_freq_factor"] = .real(high) }
    }
    return members
  }

  /// Hyperparameters that params.json has no member for, in words.
  public func lostInMeta(_ set: HyperparameterSet) -> [String] {
    var lost = hyperparameters.compactMap { rule -> String? in
      guard rule.metaKeys.isEmpty, rule.name != "head_dimension", rule.rowsOf == nil, rule.inferredFrom == nil,
        let key = rule.writtenKey,
        let value = set.values[rule.name], value != rule.defaultValue(set)
      else { return nil }
      return "\(key) \(value)"
    }
    if let length = set.integer("feed_forward_length"), let dim = set.integer("embedding_length"),
      MetaFeedForward.members(length: length, dim: dim) == nil
    {
      lost.append("intermediate_size \(length)")
    }
    switch set.rotaryScaling {
    case .none: break
    case .llama3(let factor, let low, _, let original):
      if low != MetaRopeScaling.lowFrequencyFactor {
        lost.append("low_freq_factor \(low) of rotary scaling \"llama3\"")
      }
      if original != MetaRopeScaling.originalContextLength {
        lost.append("original_max_position_embeddings \(original) of rotary scaling \"llama3\"")
      }
      if factor != MetaRopeScaling.factor {
        lost.append("factor \(factor) of rotary scaling \"llama3\" (Llama 3's own programs take 8)")
      }
    default:
      lost.append("rotary scaling \((set.rotaryScaling.configurationMember?["rope_type"]?.string ?? "none").quoted)")
    }
    return lost
  }

  private static func metaMembers(_ params: JSON) -> JSON.Object { (params["model"] ?? params).object ?? [:] }
}

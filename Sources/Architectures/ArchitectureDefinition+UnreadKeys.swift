import Bytes

extension ArchitectureDefinition {
  /// Members of config.json that change the computation and are not taken into account, as `key value`.
  ///
  /// Those are members with another value than the architecture computes with (`expected_config` and
  /// `config_constants` of the definition), and unknown members whose names are those of scales, limits and switches.
  public func unreadMembers(of configuration: Configuration) -> [(key: String, value: JSON)] {
    let rope = configuration.reading(rope: ropeForm)
    let read = Set(hyperparameters.flatMap { $0.configKeys + [$0.writtenKey].compactMap(\.self) })
    let constants = configConstants.filter { !read.contains($0.key.text) && !ComputationKeys.isHarmless($0.key.text) }
    var unread: [(key: String, value: JSON)] = []
    for (key, expected) in constants.merging(expectedConfig, uniquingKeysWith: { $1 }) {
      guard let stated = rope.member(key.text), !stated.isSame(as: expected) else { continue }
      unread.append((key.text, stated))
    }
    let known = Set((read + constants.keys.map(\.text) + expectedConfig.keys.map(\.text)).map(Self.firstComponent))
    for (key, value) in configuration.ownMembers where !known.contains(key.text) {
      guard ComputationKeys.contains(key.text), value.isActive else { continue }
      unread.append((key.text, value))
    }
    return unread
  }

  /// The same in words; nil for none.
  public func unreadRemark(on configuration: Configuration) -> String? {
    let members = unreadMembers(of: configuration).map { ConfigurationRemark.member($0.key, $0.value) }
    guard !members.isEmpty else { return nil }
    let list = ConfigurationRemark.joined(members)
    return "config.json: \(list): not taken into account, though the computation may depend on "
      + (members.count == 1 ? "it" : "them")
  }

  private static func firstComponent(_ path: String) -> String { String(path.prefix { $0 != "." }) }
}

/// Names of members of config.json that change what a model computes, wherever a class has them.
enum ComputationKeys {
  private static let prefixes = ["use_", "logit_", "clip_", "mup_", "scale_", "qk_"]
  private static let suffixes = [
    "_scaling", "_multiplier", "_clip", "_scale", "_softcap", "_softcapping", "_soft_cap", "_qk_norm", "_qk_layernorm",
  ]
  private static let names: Set<String> = [
    "alibi", "attention_chunk_size", "attn_temperature_tuning", "dim_model_base", "mup", "no_rope_layer_interval",
    "no_rope_layers", "partial_rotary_factor", "query_pre_attn_scalar", "rope_pct", "rotary_dim", "rotary_pct",
    "softmax_scale",
  ]
  private static let harmlessPrefixes = [
    "use_cache", "use_flash", "use_fused", "use_recompute", "use_sparse", "use_var_len",
  ]
  /// Switches of implementations and of training, and members that tensors show.
  private static let harmless: Set<String> = [
    "altup_coef_clip", "altup_lr_multiplier", "ffn_dim_multiplier", "init_scale", "initializer_scale",
    "is_encoder_decoder", "qk_head_dim", "qk_nope_head_dim",
    "qk_rope_head_dim", "rope_scaling", "scale_attention_softmax_in_fp32", "scale_attn_weights", "use_bfloat16",
    "use_bias", "use_embedding_sharing", "use_gradient_checkpointing", "use_memory_efficient_attention",
    "use_parallel_embedding", "use_qkv_bias", "use_return_dict", "use_rmsnorm", "use_rope", "use_sdpa", "use_xentropy",
  ]

  static func isHarmless(_ key: String) -> Bool {
    harmless.contains(key) || harmlessPrefixes.contains(where: key.hasPrefix)
  }

  static func contains(_ key: String) -> Bool {
    guard !isHarmless(key) else { return false }
    return names.contains(key) || prefixes.contains(where: key.hasPrefix) || suffixes.contains(where: key.hasSuffix)
  }
}

extension JSON {
  /// Whether it is a value by which a switch is on, a scale is not 1, or a limit is set.
  fileprivate var isActive: Bool { !isNothing && real != 0 && real != 1 }

  /// Whether two values mean the same; null, false and an empty list are all "no".
  fileprivate func isSame(as other: JSON) -> Bool {
    if isNothing, other.isNothing || other.isNull { return true }
    if isNull { return true }
    if let one = real, let two = other.real { return one == two }
    return self == other
  }
}

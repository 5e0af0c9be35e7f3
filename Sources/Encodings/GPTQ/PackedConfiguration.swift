import Bytes

/// What a configuration says of integer codes in groups, for all modules and for some: bits and columns of a group.
///
/// Overrides for some modules are keyed by regular expressions (GPTQModel's `dynamic`) or names (AutoRound's
/// `extra_config`). Which module has which is left to the shapes of its tensors: they must be those of one of the schemes.
struct PackedConfiguration {
  /// The bits of a code, those of most modules first; empty if nothing states them.
  private(set) var bitCounts: [Int] = []
  /// The columns of a group, those of most modules first, `Int.max` for all columns; empty if nothing states them.
  private(set) var groupSizes: [Int] = []
  /// Nil if nothing states it.
  let isSymmetric: Bool?
  /// Members that are neither used nor known to matter to quantizing alone.
  private(set) var unknownMembers: [String] = []

  /// The name of the member that states the bits, for messages.
  private(set) var bitsMember = "bits"
  private(set) var groupSizeMember = "group_size"

  /// - Parameters:
  ///   - source: the configuration; null if there is none.
  ///   - known: the members that this encoding uses or ignores.
  init(_ source: JSON, known: Set<String>) throws(EncodingError) {
    let symmetric = source["sym"]?.bool
    isSymmetric = symmetric ?? source["zero_point"]?.bool.map { !$0 }
    try read(source, prefix: "")
    for (pattern, override) in source["dynamic"]?.object ?? [:] where !pattern.text.hasPrefix("-:") {
      try readOverride(override, "dynamic", pattern.text)
    }
    for (name, override) in source["extra_config"]?.object ?? [:] {
      try readOverride(override, "extra_config", name.text)
    }
    unknownMembers = (source.object ?? [:]).keys.map(\.text).filter { !known.contains($0) && !Self.known.contains($0) }
  }

  /// What there is to say of members that are not read; nil if there are none.
  var remark: String? {
    UnreadMembers.remark(unknownMembers).map { "config.json: \($0)" }
  }

  private mutating func readOverride(_ override: JSON, _ member: String, _ key: String) throws(EncodingError) {
    let path = "\(member).\(key.escapedForDisplay)"
    guard override.object != nil else { throw .member(path, expected: "an object") }
    for name in ["format", "checkpoint_format", "method", "quant_method"] {
      if let value = override[name]?.string {
        throw .refused(
          what: "quantized with \(name) \(value.quoted) for some modules (quantization_config.\(path))",
          nextStep: Self.nextStep)
      }
    }
    if let type = override["data_type"]?.string, type != "int" {
      throw .refused(
        what: "quantized with data_type \(type.quoted) for some modules (quantization_config.\(path))",
        nextStep: Self.nextStep)
    }
    // 16 bits: the module is not quantized.
    if let bits = override["bits"]?.integer, bits > 8 { return }
    try read(override, prefix: path + ".")
  }

  private mutating func read(_ source: JSON, prefix: String) throws(EncodingError) {
    if let (name, value) = Self.member(["bits", "w_bit", "wbits"], of: source) {
      guard let bits = value.integer, (1...32).contains(bits) else {
        throw .member(prefix + name, expected: "a number of bits")
      }
      if prefix.isEmpty { bitsMember = name }
      if !bitCounts.contains(bits) { bitCounts.append(bits) }
    }
    if let (name, value) = Self.member(["group_size", "q_group_size", "groupsize"], of: source) {
      guard let size = value.integer, size == -1 || size > 0 else {
        throw .member(prefix + name, expected: "an integer above 0, or -1 for one group")
      }
      if prefix.isEmpty { groupSizeMember = name }
      let columns = size == -1 ? Int.max : size
      if !groupSizes.contains(columns) { groupSizes.append(columns) }
    }
  }

  private static func member(_ names: [String], of source: JSON) -> (String, JSON)? {
    for name in names { if let value = source[name], !value.isNull { return (name, value) } }
    return nil
  }

  static let nextStep = "convert the model that it was made from"

  /// Members of the configurations of all of these encodings: what is used, and what matters to quantizing or running alone.
  private static let known: Set<String> = [
    "bits", "w_bit", "wbits", "group_size", "q_group_size", "groupsize", "quant_method", "method", "sym", "zero_point",
    "dynamic", "extra_config", "pack_dtype", "format", "checkpoint_format", "meta", "backend", "lm_head", "dataset",
    "damp_percent", "damp_auto_increment", "true_sequential", "static_groups", "desc_act", "act_group_aware", "mse",
    "model_seqlen", "model_name_or_path", "model_file_base_name", "module_name_preceding_first_block",
    "block_name_to_quantize", "to_quant_block_names", "quant_block_list", "modules_in_block_to_quantize",
    "inside_layer_modules", "outside_layer_modules", "modules_to_not_convert", "batch_size", "pad_token_id",
    "use_cuda_fp16", "use_exllama", "disable_exllama", "exllama_config", "cache_block_outputs", "max_input_length",
    "tokenizer", "quantizer", "is_marlin_format", "awq_gemm_checkpoint", "adapter", "rotation", "parallel_packing",
    "pack_impl", "gptaq", "foem", "fallback", "hyb_act", "v2", "nsamples", "seqlen", "iters", "lr", "minmax_lr",
    "provider", "autoround_version", "data_type", "amp", "gradient_accumulate_steps", "low_gpu_mem_usage",
    "low_cpu_mem_usage", "enable_quanted_input", "enable_minmax_tuning", "enable_norm_bias_tuning", "scale_dtype",
    "act_bits", "act_group_size", "act_sym", "act_dynamic", "act_data_type", "super_bits", "super_group_size",
    "packing_format", "supported_types", "quant_lm_head", "enable_torch_compile", "nblocks", "version",
  ]
}

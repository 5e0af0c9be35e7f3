import Bytes
import Tensors

/// What a configuration says of FP8 and FP4 matrices.
struct FloatScheme {
  /// Rows and columns of a block of FP8 codes; nil if the shapes of scales show it.
  var block: ScaleBlock?
  /// The end of the names of scales that error messages give.
  var scaleSuffix = "_scale"
  /// Modules whose weights are values, also where these are FP8.
  var plainModules: [String] = []
  /// Facts about the configuration for users.
  var remarks: [String] = []

  /// No published block is larger; a larger number is a mistake.
  private static let largestBlockDimension = 1 << 20

  /// No configuration.
  init() {}

  /// - Parameters:
  ///   - configuration: `quantization_config`.
  ///   - members: the members that are read, or that values do not depend on.
  init(_ configuration: JSON, members: Set<String>) throws(EncodingError) {
    for name in ["modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules", "exclude"] {
      plainModules += (configuration[name]?.array ?? []).compactMap(\.string)
    }
    let known = members.union(Self.commonMembers)
    let names = configuration.object?.keys.map(\.text) ?? []
    remarks = [UnreadMembers.remark(names.filter { !known.contains($0) }.sorted())].compactMap(\.self)
    guard members.contains("weight_block_size"), let size = configuration["weight_block_size"], !size.isNull else {
      return
    }
    let dimensions = size.array?.compactMap(\.integer) ?? []
    guard dimensions.count == 2, dimensions.allSatisfy({ (1...Self.largestBlockDimension).contains($0) }) else {
      throw .member("weight_block_size", expected: "two integers above 0, or null")
    }
    block = ScaleBlock(rowCount: dimensions[0], columnCount: dimensions[1])
  }

  private static let commonMembers: Set = [
    "quant_method", "modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules", "exclude",
    "modules_to_convert", "activation_scheme", "activation_scale_ub", "kv_cache_scheme", "kv_cache_quant_algo",
    "dequantize", "producer", "version", "is_checkpoint_fp8_serialized", "is_checkpoint_mxfp8_serialized",
    "quantization_status",
  ]

  /// Whether the configuration says that the module of a tensor is not quantized.
  func isPlain(_ name: String) -> Bool {
    plainModules.contains { module in
      // ModelOpt and Quark write patterns.
      let words = module.split(separator: "*").map(String.init)
      guard let word = words.first, words.count == 1 else { return false }
      return ("." + name + ".").contains("." + word.trimmingDots + ".")
        || module.hasSuffix("*") && name.hasPrefix(word)
    }
  }
}

extension String {
  fileprivate var trimmingDots: String {
    String(drop { $0 == "." }.reversed().drop { $0 == "." }.reversed())
  }
}

// MARK: - Methods

extension FloatScheme {
  /// `quant_method` `fp8`: DeepSeek, Qwen, Mistral, MiniMax and AutoFP8.
  static func fp8(_ evidence: FormEvidence) throws(EncodingError) -> FloatScheme {
    let configuration = evidence.quantization ?? .null
    var scheme = try FloatScheme(
      configuration, members: ["weight_block_size", "fmt", "scale_fmt", "expert_dtype", "is_mx"])
    scheme.scaleSuffix = "_scale_inv"
    // A configuration of the other float format belongs to another checkpoint.
    if let word = configuration["fmt"]?.string?.lowercased(), let stored = evidence.firstFP8,
      let code = FloatCode(stored.format), code == .e4m3 || code == .e5m2, word == "e4m3" || word == "e5m2",
      code.rawValue.lowercased() != word
    {
      throw .member("fmt", expected: "\"\(code.rawValue.lowercased())\", as \(stored.name.text.quoted) is stored")
    }
    return scheme
  }

  /// `mxfp8`, `mxfp4`, `nvfp4`, `fbgemm_fp8`: the shapes of scales say the rest.
  static func plain(_ evidence: FormEvidence) throws(EncodingError) -> FloatScheme {
    let configuration = evidence.quantization ?? .null
    return try FloatScheme(
      configuration, members: ["weight_block_size", "fmt", "scale_fmt", "group_size", "quant_algo", "bits", "is_mx"])
  }

  /// ModelOpt, in config.json or hf_quant_config.json.
  static func modelOpt(_ evidence: FormEvidence) throws(EncodingError) -> FloatScheme {
    let configuration = evidence.quantization ?? .null
    let inner = configuration["quantization"] ?? configuration
    for source in [configuration, inner] {
      guard let algorithm = source["quant_algo"]?.string else { continue }
      guard !algorithm.uppercased().contains("INT"), !["W4A16_AWQ", "W4A8_AWQ"].contains(algorithm.uppercased()) else {
        throw .refused(
          what: "quantized by ModelOpt in \(algorithm.escapedForDisplay)",
          nextStep: "convert the model that it was made from")
      }
    }
    if let scale = evidence.tensor("pre_quant_scale") {
      throw .refused(
        what: "quantized by ModelOpt with scales of inputs (tensor \(scale.name.text.quoted))",
        nextStep: "convert the model that it was made from")
    }
    var scheme = try FloatScheme(
      inner,
      members: [
        "quant_algo", "group_size", "config_groups", "quantized_layers", "has_zero_point", "pre_quant_scale",
        "quantization", "kv_cache_quant_algo", "exclude_modules",
      ])
    if configuration["quantization"] != nil {
      scheme.remarks += try FloatScheme(configuration, members: ["quantization"]).remarks
    }
    return scheme
  }

  /// Quark's FP8 and MXFP4.
  static func quark(_ evidence: FormEvidence) throws(EncodingError) -> FloatScheme {
    let configuration = evidence.quantization ?? .null
    let weight = configuration["global_quant_config"]?["weight"]
    for stage in weight?.array ?? [weight].compactMap({ $0 }) {
      guard let type = stage["dtype"]?.string else { continue }
      guard ["fp8_e4m3", "fp8_e5m2", "fp4", "fp4_e2m1", "mx"].contains(type.lowercased()) else {
        throw .refused(
          what: "quantized by Quark to \(type.escapedForDisplay)", nextStep: "convert the model that it was made from")
      }
    }
    return try FloatScheme(
      configuration,
      members: [
        "global_quant_config", "layer_quant_config", "layer_type_quant_config", "kv_cache_quant_config", "export",
        "pack_method", "algo_config", "softmax_quant_spec", "quant_mode", "kv_cache_post_rope", "kv_cache_group",
        "custom_mode", "log_severity_level", "weight_format", "min_kv_scale",
      ])
  }
}

extension FormEvidence {
  /// The first matrix of FP8 codes.
  var firstFP8: TensorDescriptor? {
    checkpoint.tensors.first { $0.shape.rank >= 2 && FloatCode($0.format).map { $0 != .e2m1 } == true }
  }
}

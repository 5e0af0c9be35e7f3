import Bytes

/// The numbers of adapter_config.json that say how much an adapter's updates count.
struct AdapterConfiguration {
  /// The numerator of the scale, and the modules that have another, by the end of their path.
  let alpha: Double
  private let alphaBySuffix: [(suffix: String, alpha: Double)]
  /// Whether the scale is `alpha / √r` in place of `alpha / r`.
  private let isRankStabilized: Bool
  /// The model that the adapter was made for, as its makers call it.
  let base: String?

  /// - Throws: `AdapterError` for what is missing, and for kinds of adapters other than plain LoRA.
  init(_ json: JSON) throws(AdapterError) {
    guard let kind = json["peft_type"]?.string else { throw .member("peft_type", expected: "\"LORA\"") }
    guard kind == "LORA" else { throw .unsupported("an adapter of type \(kind.quoted)") }
    for (key, what) in Self.unsupported {
      if let value = json[key], !value.isNull, value.bool != false { throw .unsupported(what) }
    }
    guard let alpha = json["lora_alpha"]?.real, alpha.isFinite else {
      throw .member("lora_alpha", expected: "a number")
    }
    self.alpha = alpha
    isRankStabilized = json["use_rslora"]?.bool ?? false
    base = json["base_model_name_or_path"]?.string
    var others: [(String, Double)] = []
    for (key, value) in json["alpha_pattern"]?.object ?? [:] {
      guard let alpha = value.real, alpha.isFinite else { throw .member("alpha_pattern", expected: "numbers") }
      // PEFT takes the key for a regular expression that ends a module's path; those in use are plain names.
      let suffix = key.text.hasPrefix("^") ? String(key.text.dropFirst()) : key.text
      guard !suffix.contains(where: { "\\*+?()[]{}|^$".contains($0) }) else {
        throw .unsupported("alpha_pattern \(key.text.quoted), which is not the name of a module,")
      }
      others.append((suffix, alpha))
    }
    alphaBySuffix = others
  }

  /// Variants of LoRA whose merged weight is more than a sum with a product.
  private static let unsupported: KeyValuePairs = [
    "use_dora": "a DoRA adapter", "lora_bias": "an adapter with biases of its own", "use_qalora": "a QA-LoRA adapter",
    "use_bdlora": "a block-diagonal adapter", "kasa_config": "a KaSA adapter", "arrow_config": "an Arrow adapter",
    "alora_invocation_tokens": "an activated LoRA", "layer_replication": "an adapter of replicated layers",
  ]

  /// The factor of the product of B and A.
  func scale(ofModule module: String, rank: Int) -> Float {
    let own = alphaBySuffix.first { module == $0.suffix || module.hasSuffix(".\($0.suffix)") }
    return Float((own?.alpha ?? alpha) / (isRankStabilized ? Double(rank).squareRoot() : Double(rank)))
  }
}

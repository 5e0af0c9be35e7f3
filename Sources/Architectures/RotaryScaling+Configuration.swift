import Bytes

extension RotaryScaling {
  /// The scaling that config.json describes; absent keys take transformers' defaults.
  ///
  /// - Parameters:
  ///   - contextLength: the trained context where `max_position_embeddings` does not state it, which is the default of
  ///     `original_max_position_embeddings`; a model may call itself longer than its rotary embedding is.
  ///   - originalContextLength: the original context of a class that has it as a hyperparameter of its own, which then
  ///     counts for every type of scaling (Phi-3).
  public init(
    configuration: Configuration, contextLength: Int, originalContextLength: Int? = nil
  ) throws(HyperparameterError) {
    let members = configuration.rope.members
    if let type = configuration.rope.slidingScaling { throw .scalesSlidingWindows(type) }
    let contextLength = configuration.json["max_position_embeddings"]?.integer ?? contextLength
    func number(_ key: String) throws(HyperparameterError) -> Double? {
      guard let value = members[ExactString(key)]?.real else { return nil }
      guard value.isFinite else { throw .outOfRange(name: key, value: value) }
      return value
    }
    func required(_ type: String, _ key: String) throws(HyperparameterError) -> Double {
      guard let value = try number(key), value > 0 else {
        throw .rotaryScalingLacks(type: type, key: key)
      }
      return value
    }
    func factors(_ key: String) throws(HyperparameterError) -> [Double] {
      guard let values = members[ExactString(key)]?.array?.map(\.real),
        !values.contains(where: { $0?.isFinite != true })
      else { throw .rotaryScalingLacks(type: "longrope", key: key) }
      return values.compactMap(\.self)
    }
    func original() throws(HyperparameterError) -> Int {
      let inner = try number("original_max_position_embeddings")
      let stated = originalContextLength.map { Double($0) } ?? inner ?? Double(contextLength)
      guard let length = Int(exactly: stated.rounded()), length > 0 else {
        throw .outOfRange(name: "original_max_position_embeddings", value: stated)
      }
      return length
    }
    switch members["rope_type"]?.string?.lowercased() {
    // Positions of text are the same in every section of a multimodal embedding, which so is the plain one.
    case nil, "default", "mrope": self = .none
    case "linear": self = .linear(factor: try required("linear", "factor"))
    case "dynamic":
      // transformers measures the sequence against the trained context, not against an "original" one.
      self = .dynamic(factor: try required("dynamic", "factor"), originalContextLength: contextLength)
    case "llama3":
      self = .llama3(
        factor: try number("factor") ?? 8, lowFrequencyFactor: try number("low_freq_factor") ?? 1,
        highFrequencyFactor: try number("high_freq_factor") ?? 4, originalContextLength: try original())
    case "yarn":
      self = .yarn(
        YaRN(
          factor: try required("yarn", "factor"), originalContextLength: try original(),
          attentionFactor: try number("attention_factor"), betaFast: try number("beta_fast") ?? 32,
          betaSlow: try number("beta_slow") ?? 1, mscale: try number("mscale"),
          mscaleAllDimensions: try number("mscale_all_dim"), truncates: members["truncate"]?.bool ?? true))
    case "longrope", "su":
      // Without a factor the stretch follows from the two lengths.
      let original = try original()
      self = .longrope(
        LongRoPE(
          shortFactors: try factors("short_factor"), longFactors: try factors("long_factor"),
          originalContextLength: original, factor: try number("factor") ?? Double(contextLength) / Double(original),
          attentionFactor: try number("attention_factor")))
    case "nlpe":
      // The threshold has the name that FlagAttention's piecewise_attention gives it.
      let threshold = try required("nlpe", "dist_threshold")
      guard let threshold = Int(exactly: threshold) else { throw .outOfRange(name: "dist_threshold", value: threshold) }
      let factor = try number("factor")
      if let factor, factor < 1 { throw .outOfRange(name: "factor", value: factor) }
      self = .piecewise(Piecewise(threshold: threshold, factor: factor))
    case "proportional":
      let share = try number("partial_rotary_factor") ?? 1, factor = try number("factor") ?? 1
      guard (0...1).contains(share) else { throw .outOfRange(name: "partial_rotary_factor", value: share) }
      guard factor > 0 else { throw .outOfRange(name: "factor", value: factor) }
      self = .proportional(share: share, factor: factor)
    case let type?: throw .unknownRotaryScaling(type)
    }
  }

  /// The `rope_scaling` member of a transformers 4 configuration, which transformers 5 reads as well; nil for none.
  public var configurationMember: JSON? {
    var members = JSON.Object()
    func set(_ key: String, _ value: Double?) {
      if let value { members[ExactString(key)] = .real(value) }
    }
    func setInteger(_ key: String, _ value: Int) { members[ExactString(key)] = .integer(value) }
    switch self {
    case .none: return nil
    case .linear(let factor):
      set("factor", factor)
      members["rope_type"] = .string("linear")
    case .dynamic(let factor, _):
      set("factor", factor)
      members["rope_type"] = .string("dynamic")
    case .llama3(let factor, let low, let high, let original):
      set("factor", factor)
      set("high_freq_factor", high)
      set("low_freq_factor", low)
      setInteger("original_max_position_embeddings", original)
      members["rope_type"] = .string("llama3")
    case .yarn(let yarn):
      set("attention_factor", yarn.attentionFactor)
      if yarn.betaFast != 32 { set("beta_fast", yarn.betaFast) }
      if yarn.betaSlow != 1 { set("beta_slow", yarn.betaSlow) }
      set("factor", yarn.factor)
      set("mscale", yarn.mscale)
      set("mscale_all_dim", yarn.mscaleAllDimensions)
      setInteger("original_max_position_embeddings", yarn.originalContextLength)
      members["rope_type"] = .string("yarn")
      if !yarn.truncates { members["truncate"] = .bool(false) }
    case .proportional(let share, let factor):
      if factor != 1 { set("factor", factor) }
      set("partial_rotary_factor", share)
      members["rope_type"] = .string("proportional")
    case .longrope(let longrope):
      set("attention_factor", longrope.attentionFactor)
      set("factor", longrope.factor)
      members["long_factor"] = .array(longrope.longFactors.map { .real($0) })
      setInteger("original_max_position_embeddings", longrope.originalContextLength)
      members["rope_type"] = .string("longrope")
      members["short_factor"] = .array(longrope.shortFactors.map { .real($0) })
    case .piecewise(let piecewise):
      setInteger("dist_threshold", piecewise.threshold)
      set("factor", piecewise.factor)
      members["rope_type"] = .string("nlpe")
    }
    return .object(members)
  }
}

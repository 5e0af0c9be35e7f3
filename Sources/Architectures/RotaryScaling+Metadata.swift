import Bytes
import Tensors

// How GGUF states a rotary scaling (keys with the prefix "<architecture>.rope.scaling."):
//
//   none     nothing
//   linear   type "linear", factor
//   llama3   nothing; the tensor rope_freqs.weight has a factor for each frequency
//   yarn     type "yarn", factor, original_context_length, and only if the configuration states them
//            yarn_ext_factor, yarn_attn_factor, yarn_beta_fast, yarn_beta_slow
//   longrope type "longrope"; two tensors have the factors of the frequencies if the architecture has them
//   proportional  nothing; the tensor rope_freqs.weight has 1e30 for each pair that is not rotated
//   dynamic, piecewise have no key; the caller reports them as lost

extension RotaryScaling {
  /// The pairs for a GGUF, in the reference converter's order.
  ///
  /// - Parameter explicit: the members of the configuration, since llama.cpp's converter writes only these.
  public func metadata(architecture: String, explicit: JSON.Object) -> [(key: String, value: MetadataValue)] {
    let prefix = "\(architecture).rope.scaling."
    func real(_ key: String, _ member: String...) -> [(key: String, value: MetadataValue)] {
      for name in member {
        if let value = explicit[ExactString(name)]?.real { return [(prefix + key, .float32(Float(value)))] }
      }
      return []
    }
    switch self {
    case .none, .dynamic, .llama3, .piecewise, .proportional: return []
    case .longrope: return [(prefix + "type", .string("longrope"))]
    case .linear(let factor):
      return [(prefix + "type", .string("linear")), (prefix + "factor", .float32(Float(factor)))]
    case .yarn(let yarn):
      return [
        (prefix + "type", .string("yarn")), (prefix + "factor", .float32(Float(yarn.factor))),
        (prefix + "original_context_length", .uint32(UInt32(clamping: yarn.originalContextLength))),
      ]
        + real("yarn_ext_factor", "extrapolation_factor") + real("yarn_attn_factor", "attention_factor", "attn_factor")
        + real("yarn_beta_fast", "beta_fast") + real("yarn_beta_slow", "beta_slow")
    }
  }

  /// The scaling, or its members, that a GGUF of this architecture has neither a key nor a tensor for, in words.
  public func lostInGGUF(of definition: ArchitectureDefinition) -> [String] {
    func requiring(_ roles: TensorRole...) -> [String] {
      definition.derived.contains { roles.contains($0.role) } ? [] : [wording]
    }
    switch self {
    case .none: return []
    case .dynamic, .piecewise: return [wording]
    case .linear, .yarn:
      // Command R's files call every scaling "none".
      let hasKeys =
        definition.ggufMetadata.contains { if case .rotaryScaling = $0 { true } else { false } }
        && !definition.ggufMetadata.contains {
          if case .pair("{arch}.rope.scaling.type", .constant, .always) = $0 { true } else { false }
        }
      guard hasKeys, case .yarn(let yarn) = self else { return hasKeys ? [] : [wording] }
      return yarn.lostMembers(
        keepsMultiplier: definition.hyperparameter("rotary_mscale_all") != nil,
        truncatesByDefault: definition.hyperparameter("rotary_truncates")?.constantDefault != .bool(false)
      )
      .map { "\($0) of \(wording)" }
    case .llama3, .proportional: return requiring(.rotaryFrequencyFactors)
    case .longrope(let longRoPE):
      return longRoPE.hasFixedFactors
        ? requiring(.rotaryFrequencyFactors, .rotaryLongFactors) : requiring(.rotaryLongFactors)
    }
  }

  /// The same without a multiplier of YaRN that has no effect because the other one is absent.
  public var withoutIdleMembers: RotaryScaling {
    guard case .yarn(var yarn) = self, yarn.mscaleAllDimensions ?? 0 == 0 else { return self }
    yarn.mscale = nil
    return .yarn(yarn)
  }

  private var wording: String {
    "rotary scaling \((configurationMember?["rope_type"]?.string ?? "none").quoted)"
  }

  /// Reads the scaling of a GGUF's metadata. The caller adds llama3's, which is stored as a tensor.
  public init(metadata: Metadata, architecture: String, contextLength: Int) throws(HyperparameterError) {
    let prefix = "\(architecture).rope.scaling."
    func number(_ key: String) -> Double? { metadata[prefix + key]?.shortestReal }
    // Files before 2024 state a linear scale as rope.scale_linear.
    let factor = number("factor") ?? metadata["\(architecture).rope.scale_linear"]?.shortestReal
    let type = metadata[prefix + "type"]?.text ?? (factor.map { $0 > 0 && $0 != 1 } == true ? "linear" : "none")
    switch type {
    case "none", "longrope": self = .none
    case "linear":
      guard let factor, factor.isFinite, factor > 0 else {
        throw .rotaryScalingLacks(type: type, key: prefix + "factor")
      }
      self = .linear(factor: factor)
    case "yarn":
      guard let factor, factor.isFinite, factor > 0 else {
        throw .rotaryScalingLacks(type: type, key: prefix + "factor")
      }
      let original = metadata[prefix + "original_context_length"]?.integer ?? contextLength
      guard original > 0 else { throw .outOfRange(name: prefix + "original_context_length", value: Double(original)) }
      self = .yarn(
        YaRN(
          factor: factor, originalContextLength: original, attentionFactor: number("yarn_attn_factor"),
          betaFast: number("yarn_beta_fast") ?? 32, betaSlow: number("yarn_beta_slow") ?? 1))
    default: throw .unknownRotaryScaling(type)
    }
  }
}

extension RotaryScaling.YaRN {
  /// The members that change the computation and that `rope.scaling` has no keys for.
  ///
  /// - Parameter keepsMultiplier: whether the architecture has a key for the one multiplier that DeepSeek's models give
  ///   as both.
  /// - Parameter truncatesByDefault: whether a GGUF of the architecture is read as one that truncates.
  fileprivate func lostMembers(keepsMultiplier: Bool, truncatesByDefault: Bool) -> [String] {
    var lost: [String] = []
    let multipliers = [mscale, mscaleAllDimensions].compactMap { $0 == 0 ? nil : $0 }
    if attentionFactor == nil, multipliers.count == 2, !keepsMultiplier || mscale != mscaleAllDimensions {
      lost.append("mscale \(multipliers[0])")
    }
    if truncates != truncatesByDefault { lost.append("truncate \(truncates)") }
    return lost
  }
}

extension MetadataValue {
  /// A number as the shortest decimal that gives the same float32: 1e-05 for the float nearest to it.
  ///
  /// A GGUF has float32 where config.json has decimals; the shortest decimal is the one that was written there.
  public var shortestReal: Double? {
    if case .float32(let value) = self { Double("\(value)") } else { real }
  }
}

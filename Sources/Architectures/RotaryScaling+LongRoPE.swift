import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// How GGUF states LongRoPE: two tensors of divisors, one for each pair of a head, and a factor on the attention.

extension RotaryScaling {
  /// The pair with the factor on the attention, stated or computed.
  func longRoPEFactor(architecture: String) -> [(key: String, value: MetadataValue)] {
    guard case .longrope(let longRoPE) = self else { return [] }
    let factor = longRoPE.attentionFactor ?? longRoPE.usualAttentionFactor
    guard factor.isFinite else { return [] }
    return [(Self.longRoPEFactorKey(architecture), .float32(Float(factor)))]
  }

  static func longRoPEFactorKey(_ architecture: String) -> String { "\(architecture).rope.scaling.attn_factor" }

  /// Roles of tensors that follow from a rotary scaling.
  static let derivedRoles: Set<TensorRole> = [.rotaryFrequencyFactors, .rotaryLongFactors, .rotaryShortFactors]

}

extension RotaryScaling.LongRoPE {
  /// `√(1 + ln s / ln original)` for a factor `s` above 1, else 1.
  var usualAttentionFactor: Double {
    factor > 1 ? (1 + log(factor) / log(Double(originalContextLength))).squareRoot() : 1
  }

  /// Reads the scaling of a GGUF, whose factor follows from the context lengths and `attn_factor`.
  public init(
    shortFactors: [Double], longFactors: [Double], originalContextLength: Int, contextLength: Int, metadata: Metadata,
    architecture: String
  ) {
    self.init(
      shortFactors: shortFactors, longFactors: longFactors, originalContextLength: originalContextLength,
      factor: Double(contextLength) / Double(originalContextLength))
    guard let stated = metadata[RotaryScaling.longRoPEFactorKey(architecture)]?.shortestReal, stated.isFinite,
      Float(stated) != Float(usualAttentionFactor)
    else { return }
    attentionFactor = stated
  }
}

extension HyperparameterSet {
  /// The number of elements of a head that are rotated.
  public var rotaryDimensionCount: Int? { integer("rotary_dimension_count") ?? integer("head_dimension") }

  /// The values of a tensor that follows from the rotary scaling; nil where the scaling has no such tensor.
  public func derivedValues(_ role: TensorRole) -> [Float]? {
    switch (role, rotaryScaling) {
    case (.rotaryFrequencyFactors, .llama3):
      guard let base = real("rotary_base"), let count = rotaryDimensionCount else { return nil }
      return Llama3RopeFactors.factors(
        RotaryEmbedding(base: base, dimensionCount: count, scaling: rotaryScaling))
    case (.rotaryFrequencyFactors, .proportional(let share, let factor)):
      return rotaryDimensionCount.map {
        ProportionalRopeFactors.factors(share: share, factor: factor, dimensionCount: $0)
      }
    case (.rotaryFrequencyFactors, .longrope(let longRoPE)) where longRoPE.hasFixedFactors:
      return longRoPE.longFactors.map { Float($0) }
    case (.rotaryLongFactors, .longrope(let longRoPE)): return longRoPE.longFactors.map { Float($0) }
    case (.rotaryShortFactors, .longrope(let longRoPE)): return longRoPE.shortFactors.map { Float($0) }
    default: return nil
    }
  }
}

extension TensorRole {
  /// `[head dimension / 2]`: RoPE factors: divisors of the frequencies, as GGUF stores Llama 3's scaling.
  public static let rotaryFrequencyFactors: TensorRole = "rotary_frequency_factors"
  /// `[rotary dimensions / 2]`: the same for LongRoPE and contexts beyond the original one, and within it.
  public static let rotaryLongFactors: TensorRole = "rotary_long_factors"
  public static let rotaryShortFactors: TensorRole = "rotary_short_factors"
}

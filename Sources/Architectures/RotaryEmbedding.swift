/// The RoPE of a model: pair `k` of a head is rotated by `position * inverseFrequency(k)`.
public struct RotaryEmbedding: Sendable, Hashable {
  /// The base θ: unscaled, `inverseFrequency(k) = base^(-2k / dimensionCount)`.
  public var base: Double
  /// The number of elements of a head that are rotated, from the first on.
  public var dimensionCount: Int
  /// The scaling for longer contexts.
  public var scaling: RotaryScaling

  public init(base: Double, dimensionCount: Int, scaling: RotaryScaling = .none) {
    self.base = base
    self.dimensionCount = dimensionCount
    self.scaling = scaling
  }
}

/// A RoPE scaling, for contexts beyond the trained length; formulas as in transformers' `modeling_rope_utils`.
public enum RotaryScaling: Sendable, Hashable {
  case none
  /// Positions are divided by `factor`.
  case linear(factor: Double)
  /// NTK scaling by the length of the sequence, once it exceeds the trained context length `originalContextLength`.
  case dynamic(factor: Double, originalContextLength: Int)
  /// Llama 3.1: low frequencies divided by `factor`, high ones kept, a ramp between.
  case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
  /// YaRN: interpolation below, extrapolation above a ramp of frequencies, and a factor on the attention.
  case yarn(YaRN)
  /// LongRoPE: a divisor for each frequency, and a factor on the attention (Phi-3).
  case longrope(LongRoPE)
  /// NLPE: distances beyond a threshold count less, or not at all (Aquila2).
  case piecewise(Piecewise)
  /// Frequencies as for the whole head, divided by `factor`, but only the first `share` of the pairs is rotated (Gemma 4).
  case proportional(share: Double, factor: Double)

  /// The factor by which the context is extended; nil without a scaling.
  public var factor: Double? {
    switch self {
    case .none: nil
    case .linear(let factor), .dynamic(let factor, _), .llama3(let factor, _, _, _): factor
    case .yarn(let yarn): yarn.factor
    case .longrope(let longrope): longrope.factor
    case .piecewise(let piecewise): piecewise.factor
    case .proportional(_, let factor): factor
    }
  }

  /// YaRN; `attentionFactor` nil means `0.1 ln(factor) + 1`.
  public struct YaRN: Sendable, Hashable {
    /// The factor by which the context is extended.
    public var factor: Double
    /// The context length before scaling.
    public var originalContextLength: Int
    /// Multiplies cosine and sine; nil for the default formula.
    public var attentionFactor: Double?
    /// Turns within the original context above which a frequency is kept.
    public var betaFast: Double
    /// Turns within the original context below which a frequency is divided by `factor`.
    public var betaSlow: Double
    /// DeepSeek's multipliers of the attention factor.
    public var mscale: Double?, mscaleAllDimensions: Double?
    /// Whether the ramp's ends are rounded to whole pairs.
    public var truncates: Bool

    public init(
      factor: Double, originalContextLength: Int, attentionFactor: Double? = nil, betaFast: Double = 32,
      betaSlow: Double = 1, mscale: Double? = nil, mscaleAllDimensions: Double? = nil, truncates: Bool = true
    ) {
      self.factor = factor
      self.originalContextLength = originalContextLength
      self.attentionFactor = attentionFactor
      self.betaFast = betaFast
      self.betaSlow = betaSlow
      self.mscale = mscale
      self.mscaleAllDimensions = mscaleAllDimensions
      self.truncates = truncates
    }
  }
  /// LongRoPE.
  public struct LongRoPE: Sendable, Hashable {
    /// Divisors of the frequencies, one for each pair, for sequences within the original context and longer ones.
    public var shortFactors: [Double], longFactors: [Double]
    /// The context length before scaling.
    public var originalContextLength: Int
    /// The factor by which the context is extended.
    public var factor: Double
    /// Multiplies cosine and sine; nil for `√(1 + ln factor / ln originalContextLength)`.
    public var attentionFactor: Double?

    public init(
      shortFactors: [Double], longFactors: [Double], originalContextLength: Int, factor: Double,
      attentionFactor: Double? = nil
    ) {
      self.shortFactors = shortFactors
      self.longFactors = longFactors
      self.originalContextLength = originalContextLength
      self.factor = factor
      self.attentionFactor = attentionFactor
    }

    /// Creates a scaling with one factor for each pair at every length, as `rope_freqs.weight` of a GGUF states it.
    public init(fixedFactors: [Double], contextLength: Int) {
      self.init(
        shortFactors: fixedFactors, longFactors: fixedFactors, originalContextLength: contextLength, factor: 1,
        attentionFactor: 1)
    }

    /// Whether it is such a one.
    public var hasFixedFactors: Bool { shortFactors == longFactors && attentionFactor == 1 }
  }

  /// Non-linearized position embedding: a query and a key that are `d` positions apart are rotated as if they were
  /// `threshold + (d - threshold) / factor` apart once `d ≥ threshold`.
  ///
  /// Such a distance needs two rotations of queries and keys, between which FlagAttention's piecewise attention selects.
  public struct Piecewise: Sendable, Hashable {
    /// The distance in positions from which on the second rotation counts: the trained context length or less.
    public var threshold: Int
    /// The divisor of the distance beyond the threshold; nil if it does not count at all.
    public var factor: Double?

    public init(threshold: Int, factor: Double? = nil) {
      self.threshold = threshold
      self.factor = factor
    }
  }

  /// The shortest decimal that gives a float of a tensor, as config.json had it.
  public static func shortest(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}

import Architectures
import Tensors

/// The inverse frequencies of RoPE, computed as by transformers' `modeling_rope_utils` with PyTorch.
///
/// Precision follows PyTorch: tensors and results of operations on them are float32, hyperparameters are double until
/// combined with a tensor. At position 100,000, one unit in the last place of a frequency is a hundredth of a rotation, so
/// this decides whether logits agree.
struct RotaryFrequencies: Sendable, Equatable {
  /// One per pair of elements.
  private(set) var inverse: [Float]
  /// Multiplies cosines and sines.
  private(set) var attentionFactor: Float = 1

  /// Computes the frequencies for a sequence of `positionCount` positions; only dynamic scaling depends on its length.
  init(_ rotary: RotaryEmbedding, positionCount: Int) throws(InferenceError) {
    let dimension = rotary.dimensionCount
    switch rotary.scaling {
    case .none, .piecewise:
      inverse = Self.powers(Float(rotary.base), dimension).map { 1 / $0 }
    case .linear(let factor):
      inverse = Self.powers(Float(rotary.base), dimension).map { 1 / $0 / Float(factor) }
    case .dynamic(let factor, let original):
      let base = Self.stretchedBase(rotary, factor: factor, original: original, positionCount: positionCount)
      inverse = Self.powers(base, dimension).map { 1 / $0 }
    case .proportional(let share, let factor):
      let count = ProportionalRopeFactors.rotatedPairCount(share: share, dimensionCount: dimension)
      inverse = Self.powers(Float(rotary.base), dimension).enumerated().map { pair, power in
        pair < count ? 1 / power / Float(factor) : 0
      }
    case .llama3(let factor, let low, let high, let original):
      inverse = Self.powers(Float(rotary.base), dimension).map {
        Self.llama3(1 / $0, factor: factor, low: low, high: high, original: original)
      }
    case .yarn(let yarn):
      inverse = Self.yarn(rotary, yarn)
      attentionFactor = Float(yarn.resolvedAttentionFactor)
    case .longrope(let longrope):
      let factors = positionCount > longrope.originalContextLength ? longrope.longFactors : longrope.shortFactors
      guard factors.count == dimension / 2 else {
        throw .rotaryFactorCount(expected: dimension / 2, found: factors.count)
      }
      inverse = zip(Self.powers(Float(rotary.base), dimension), factors).map { 1 / (Float($1) * $0) }
      attentionFactor = Float(longrope.resolvedAttentionFactor)
    }
    guard attentionFactor.isFinite, inverse.allSatisfy(\.isFinite) else { throw .rotaryNotFinite(rotary) }
  }

  /// `base^(2k / dimension)` for each pair `k`; the exponent and the power are rounded to float32.
  private static func powers(_ base: Float, _ dimension: Int) -> [Float] {
    stride(from: 0, to: dimension, by: 2).map { element in
      Float(DeterministicMath.power(Double(base), Double(Float(element) / Float(dimension))))
    }
  }

  /// NTK scaling: `base × (factor × length / original - (factor - 1))^(dimension / (dimension - 2))`.
  ///
  /// The length is a tensor in PyTorch, so each step is float32 once the sequence exceeds the original context; up to that
  /// the base is unchanged. The exponent stays double.
  private static func stretchedBase(
    _ rotary: RotaryEmbedding, factor: Double, original: Int, positionCount: Int
  ) -> Float {
    guard positionCount > original else { return Float(rotary.base) }
    let stretch = Float(factor) * Float(positionCount) / Float(original) - Float(factor - 1)
    let exponent = Double(rotary.dimensionCount) / Double(rotary.dimensionCount - 2)
    return Float(DeterministicMath.power(Double(stretch), exponent)) * Float(rotary.base)
  }

  /// Llama 3.1's rule for one frequency: wavelengths above `original / low` are divided by `factor`, those below
  /// `original / high` are kept, with a ramp in between.
  private static func llama3(
    _ inverse: Float, factor: Double, low: Double, high: Double, original: Int
  ) -> Float {
    let wavelength = Float(2 * Double.pi) / inverse
    if wavelength < Float(Double(original) / high) { return inverse }
    if wavelength > Float(Double(original) / low) { return inverse / Float(factor) }
    let share = (Float(original) / wavelength - Float(low)) / Float(high - low)
    return (1 - share) * inverse / Float(factor) + share * inverse
  }

  /// YaRN: frequencies with more than `betaFast` rotations within the original context are kept, those with fewer than
  /// `betaSlow` are divided by `factor`, with a ramp over the pairs in between.
  private static func yarn(_ rotary: RotaryEmbedding, _ yarn: RotaryScaling.YaRN) -> [Float] {
    let dimension = Double(rotary.dimensionCount)
    func pair(turning rotations: Double) -> Double {
      dimension * DeterministicMath.naturalLogarithm(Double(yarn.originalContextLength) / (rotations * 2 * .pi))
        / (2 * DeterministicMath.naturalLogarithm(rotary.base))
    }
    var low = pair(turning: yarn.betaFast), high = pair(turning: yarn.betaSlow)
    if yarn.truncates {
      low.round(.down)
      high.round(.up)
    }
    low = max(low, 0)
    high = min(high, dimension - 1)
    if low == high { high += 0.001 }
    return powers(Float(rotary.base), rotary.dimensionCount).enumerated().map { index, power in
      let ramp = min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
      let keptShare = 1 - ramp
      return 1 / (Float(yarn.factor) * power) * (1 - keptShare) + 1 / power * keptShare
    }
  }
}

extension RotaryScaling.YaRN {
  /// `0.1 multiplier ln(factor) + 1`: the factor of a longer context on attention.
  func magnitude(_ multiplier: Double) -> Double {
    factor <= 1 ? 1 : 0.1 * multiplier * DeterministicMath.naturalLogarithm(factor) + 1
  }

  /// The factor on cosine and sine: the given one, or `0.1 ln(factor) + 1` (with DeepSeek's multipliers, a quotient).
  fileprivate var resolvedAttentionFactor: Double {
    if let attentionFactor { return attentionFactor }
    if let mscale, let mscaleAllDimensions, mscale != 0, mscaleAllDimensions != 0 {
      return magnitude(mscale) / magnitude(mscaleAllDimensions)
    }
    return magnitude(1)
  }
}

extension RotaryScaling.LongRoPE {
  /// The factor on cosine and sine: the given one, or `√(1 + ln factor / ln originalContextLength)`.
  fileprivate var resolvedAttentionFactor: Double {
    if let attentionFactor { return attentionFactor }
    if factor <= 1 { return 1 }
    let share =
      DeterministicMath.naturalLogarithm(factor) / DeterministicMath.naturalLogarithm(Double(originalContextLength))
    return (1 + share).squareRoot()
  }
}

import Bytes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The tensor `rope_freqs.weight`, by which GGUF states Llama 3's RoPE scaling.
///
/// For pair `k` with wavelength `λ = 2π / frequency`: 1 where `λ < original / high`, `factor` where
/// `λ > original / low`, and between them `1 / ((1 - s) / factor + s)` with `s = (original/λ - low) / (high - low)`.
/// The arithmetic is that of torch's float32 scalars, operation by operation, so that the bytes agree with the
/// reference converter (llama.cpp 0c1e57098, `LlamaModel.generate_extra_tensors`).
public enum Llama3RopeFactors {
  /// The divisors of the frequencies, `[dimensionCount / 2]`; nil for any other scaling.
  public static func factors(_ rotary: RotaryEmbedding) -> [Float]? {
    guard case .llama3(let factor, let low, let high, let original) = rotary.scaling, rotary.dimensionCount > 0 else {
      return nil
    }
    let lowWavelength = Float(Double(original) / low)
    let highWavelength = Float(Double(original) / high)
    return (0..<rotary.dimensionCount / 2).map { pair in
      let exponent = Float(2 * pair) / Float(rotary.dimensionCount)
      let frequency = 1 / Float(pow(rotary.base, Double(exponent)))
      // torch computes scalar / tensor as reciprocal times scalar.
      let wavelength = (1 / frequency) * Float(2 * Double.pi)
      if wavelength < highWavelength { return 1 }
      if wavelength > lowWavelength { return Float(factor) }
      let ratio = (1 / wavelength) * Float(original)
      let smooth = (ratio - Float(low)) / Float(high - low)
      let blended = (1 - smooth) / Float(factor) + smooth
      return 1 / blended
    }
  }

  /// The published scaling whose factors equal `factors`, if there is one.
  ///
  /// The tensor does not state low, high and original; every published model has 1 and 4, and an original context of
  /// a power of two. A candidate counts only if it gives back all factors bit by bit.
  public static func scaling(from factors: [Float], base: Double, dimensionCount: Int) -> RotaryScaling? {
    guard let largest = factors.max(), largest.isFinite, largest >= 1, factors.count == dimensionCount / 2 else {
      return nil
    }
    // 8192 first: where several candidates agree, the published one is meant.
    for original in [8192] + (3...20).map({ 1 << $0 }) {
      for (low, high) in [(1.0, 4.0), (1.0, 2.0), (1.0, 8.0), (2.0, 4.0)] {
        let scaling = RotaryScaling.llama3(
          factor: Double("\(largest)") ?? Double(largest), lowFrequencyFactor: low, highFrequencyFactor: high,
          originalContextLength: original)
        let candidate = RotaryEmbedding(base: base, dimensionCount: dimensionCount, scaling: scaling)
        if self.factors(candidate) == factors { return scaling }
      }
    }
    return nil
  }

  /// A base from which `factors` follow, if one of those that published models have does.
  public static func base(of factors: [Float], dimensionCount: Int) -> Double? {
    [500_000, 10_000, 100_000, 1_000_000, 5_000_000, 10_000_000].first {
      scaling(from: factors, base: $0, dimensionCount: dimensionCount) != nil
    }
  }
}

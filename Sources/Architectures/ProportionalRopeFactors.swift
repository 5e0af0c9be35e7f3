/// The tensor `rope_freqs.weight`, by which GGUF states Gemma 4's proportional RoPE.
///
/// The first pairs of a head are rotated, by the frequencies that they have in the whole head. The divisors are `factor` for
/// these and 1e30 for the others, whose angles are 0 then (llama.cpp, `Gemma4Model.generate_extra_tensors`).
public enum ProportionalRopeFactors {
  /// The divisor that stops a pair.
  static let stop: Float = 1e30

  /// The pairs of a head of `dimensionCount` elements that are rotated.
  public static func rotatedPairCount(share: Double, dimensionCount: Int) -> Int {
    let pairs = Double(dimensionCount) * share / 2
    return pairs.isFinite ? Int(min(max(pairs, 0), Double(dimensionCount / 2))) : 0
  }

  /// The divisors of the frequencies, `[dimensionCount / 2]`.
  public static func factors(share: Double, factor: Double, dimensionCount: Int) -> [Float] {
    let count = rotatedPairCount(share: share, dimensionCount: dimensionCount)
    return (0..<dimensionCount / 2).map { $0 < count ? Float(factor) : stop }
  }

  /// The scaling whose factors equal `factors`; nil if there is none.
  public static func scaling(from factors: [Float]) -> RotaryScaling? {
    guard let first = factors.first, first > 0, first < stop, factors.contains(stop) else { return nil }
    let count = factors.prefix { $0 == first }.count
    guard factors.dropFirst(count).allSatisfy({ $0 == stop }) else { return nil }
    return .proportional(share: Double(count) / Double(factors.count), factor: RotaryScaling.shortest(first))
  }
}

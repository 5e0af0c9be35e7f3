#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The standard normal distribution, as torch computes it in float32.
enum NormalDistribution {
  /// The number below which `share` of all numbers are, `√2 erfinv(2 share - 1)`, with share, inverse and product rounded to
  /// float32 (`torch.distributions.Normal.icdf`), as the shortest decimal of that float32; ± infinity at 0 and 1, nil
  /// outside of them.
  static func quantile(_ share: Double) -> Double? {
    let share = Float(share), odds = 2 * share - 1
    guard (0...1).contains(share) else { return nil }
    guard abs(odds) < 1 else { return odds < 0 ? -.infinity : .infinity }
    return RotaryScaling.shortest(Float(inverseErrorFunction(Double(odds))) * Float(2).squareRoot())
  }

  /// The share of all numbers that are below `quantile`: the decimal with the fewest digits that has this quantile, or else
  /// `erfc(-quantile / √2) / 2`; nil for NaN.
  static func share(below quantile: Double) -> Double? {
    guard !quantile.isNaN else { return nil }
    let exact = erfc(-quantile / 2.0.squareRoot()) / 2
    let decimals = (0...9).lazy.map { digits in
      let scale = pow(10, Double(digits))
      return (exact * scale).rounded() / scale
    }
    return decimals.first { Self.quantile($0).map { Float($0) } == Float(quantile) } ?? exact
  }

  /// The inverse of `erf` between -1 and 1, by Newton's method from Winitzki's approximation, whose error is below 0.002.
  private static func inverseErrorFunction(_ y: Double) -> Double {
    let a = 0.147, logarithm = log(1 - y * y), b = 2 / (.pi * a) + logarithm / 2
    var x = ((b * b - logarithm / a).squareRoot() - b).squareRoot()
    if y < 0 { x = -x }
    for _ in 0..<4 { x -= (erf(x) - y) / (2 / Double.pi.squareRoot() * exp(-x * x)) }
    return x
  }
}

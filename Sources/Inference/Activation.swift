import Architectures
import Bytes

extension ForwardPassFeatures.Activation {
  /// Computes the function in each lane, the same bits on every machine.
  ///
  ///     silu      x / (1 + e^-x)
  ///     gelu      x Φ(x), Φ being the normal distribution
  ///     gelu_tanh x (1 + tanh u) / 2 = x / (1 + e^-2u), with u = √(2/π) (x + 0.044715 x³)
  ///     relu      max(x, 0), and its square
  ///     clamped_swiglu   y / (1 + e^-1.702y), with y = min(x, 7)
  ///     tanh      tanh x
  @inline(__always)
  func of(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let one = SIMD8<Float>(repeating: 1), zero = SIMD8<Float>()
    switch self {
    case .silu: return x / (Exponential.of(zero - x) + one)
    case .gelu: return x * Self.normalDistribution(x)
    case .geluTanh:
      let cubic = x + SIMD8(repeating: 0.044_715) * (x * x * x)
      return x / (Exponential.of(cubic * SIMD8(repeating: -1.595_769_1)) + one)
    case .tanh: return HyperbolicTangent.of(x)
    case .relu: return x.replacing(with: zero, where: x .< zero)
    case .reluSquared:
      let positive = x.replacing(with: zero, where: x .< zero)
      return positive * positive
    case .clampedSwiGLU:
      let limit = SIMD8<Float>(repeating: Self.gateLimit)
      let y = x.replacing(with: limit, where: x .> limit)
      return y / (Exponential.of(y * SIMD8(repeating: -1.702)) + one)
    }
  }

  /// Gate and factor of `clamped_swiglu` are at most this; the factor is also at least its negative. Limit and slope are
  /// constants in llama.cpp, and transformers' `swiglu_limit` and `swiglu_alpha`.
  private static let gateLimit: Float = 7

  /// What a gate multiplies, given the other projection: that itself, or `clamp(x, ±7) + 1`.
  @inline(__always)
  func factor(_ x: Float) -> Float {
    guard self == .clampedSwiGLU else { return x }
    return (x > Self.gateLimit ? Self.gateLimit : x < -Self.gateLimit ? -Self.gateLimit : x) + 1
  }

  /// `Φ(x) = erfc(-x / √2) / 2`, with an error below 2 · 10⁻⁷.
  ///
  /// `erfc z = t e^(p(t) - z²)`, `t = 1 / (1 + z / 2)`, for `z ≥ 0`, and `erfc -z = 2 - erfc z`. The polynomial is an
  /// interpolation at Chebyshev's nodes on `z ≤ 10`, with an error of 7 · 10⁻⁹.
  @inline(__always)
  static func normalDistribution(_ x: SIMD8<Float>) -> SIMD8<Float> {
    typealias Vector = SIMD8<Float>
    let isNegative = x .< Vector()
    let z = x.replacing(with: Vector() - x, where: isNegative) * Vector(repeating: 0.707_106_77)
    let one = Vector(repeating: 1)
    let t = one / (one + z * Vector(repeating: 0.5))
    var p = Vector(repeating: -0.144_913_32)
    p = p * t + Vector(repeating: 0.990_257_86)
    p = p * t - Vector(repeating: 2.836_915_7)
    p = p * t + Vector(repeating: 4.314_972)
    p = p * t - Vector(repeating: 3.630_209_7)
    p = p * t + Vector(repeating: 1.720_586_8)
    p = p * t - Vector(repeating: 0.736_143_77)
    p = p * t + Vector(repeating: 0.232_924_5)
    p = p * t + Vector(repeating: 0.353_201_48)
    p = p * t + Vector(repeating: 1.001_818_2)
    p = p * t - Vector(repeating: 1.265_578)
    let half = t * Exponential.of(p - z * z) * Vector(repeating: 0.5)
    return (one - half).replacing(with: half, where: isNegative)
  }
}

extension Matrix {
  /// Applies the activation to every value.
  func activated(by activation: ForwardPassFeatures.Activation, threads: Int = 1) -> Matrix {
    var result = self
    result.forEachVector(threads: threads) { activation.of($0) }
    return result
  }

  /// Returns `activation(gate) × factor(up)`, value by value; both have the same shape.
  func gating(_ up: Matrix, by activation: ForwardPassFeatures.Activation, threads: Int = 1) -> Matrix {
    precondition(rowCount == up.rowCount && columnCount == up.columnCount)
    var result = activated(by: activation, threads: threads)
    let factors = up.values.span
    var values = result.values.mutableSpan
    for index in values.indices { values[index] *= activation.factor(factors[index]) }
    return result
  }

  /// Keeps what the values of each row are above the mean plus `cutoff` standard deviations, else 0:
  /// `max(x - mean - cutoff √(Σ (x - mean)² / n), 0)`. Nothing changes at `-infinity`. Sums run in order in double precision.
  mutating func cut(below cutoff: Double) {
    guard cutoff > -.infinity else { return }
    let rowCount = rowCount, columnCount = columnCount
    var values = values.mutableSpan
    for row in 0..<rowCount {
      let indices = row * columnCount..<(row + 1) * columnCount
      var mean = 0.0, squares = 0.0
      for index in indices { mean += Double(values[index]) }
      mean /= Double(columnCount)
      for index in indices { squares += (Double(values[index]) - mean) * (Double(values[index]) - mean) }
      let limit = Float(mean + cutoff * (squares / Double(columnCount)).squareRoot())
      for index in indices { values[index] = values[index] > limit ? values[index] - limit : 0 }
    }
  }

  /// Applies the soft cap `cap × tanh(x / cap)` to every value.
  mutating func cap(at limit: Float) {
    let limit = SIMD8(repeating: limit)
    forEachVector { HyperbolicTangent.of($0 / limit) * limit }
  }

  /// Applies `function` to eight values at a time.
  @inline(__always)
  private mutating func forEachVector(
    threads: Int = 1, _ function: @Sendable (SIMD8<Float>) -> SIMD8<Float>
  ) {
    Parallel.forEachPiece(of: &values, length: Self.pieceLength, threads: threads) { values, _ in
      for start in stride(from: 0, to: values.count, by: 8) {
        let count = min(8, values.count - start)
        var x = SIMD8<Float>()
        for lane in 0..<count { x[lane] = values[start + lane] }
        let y = function(x)
        for lane in 0..<count { values[start + lane] = y[lane] }
      }
    }
  }

  /// The values of an activation that a thread computes at a time; one token's are one piece.
  private static var pieceLength: Int { 1 << 15 }
}

/// `tanh x` in float32, the same bits on every machine; used by the caps of scores and logits.
///
///     |x| < 0.63   x + x³ p(x²)            interpolated at Chebyshev's nodes
///     otherwise    1 - 2 / (e^2|x| + 1)    with the sign of x
enum HyperbolicTangent {
  /// `tanh x` in each lane, with an error of at most 2 units in the last place.
  static func of(_ x: SIMD8<Float>) -> SIMD8<Float> {
    typealias Vector = SIMD8<Float>
    let one = Vector(repeating: 1)
    let isNegative = x .< Vector()
    let magnitude = x.replacing(with: Vector() - x, where: isNegative)
    let large = one - Vector(repeating: 2) / (Exponential.of(magnitude + magnitude) + one)
    let square = x * x
    var p = Vector(repeating: 0.002_272_704_8)
    p = p * square - Vector(repeating: 0.008_326_402)
    p = p * square + Vector(repeating: 0.021_763_634)
    p = p * square - Vector(repeating: 0.053_958_625)
    p = p * square + Vector(repeating: 0.133_333_01)
    p = p * square - Vector(repeating: 0.333_333_34)
    let small = magnitude + magnitude * square * p
    let result = large.replacing(with: small, where: magnitude .< Vector(repeating: 0.63))
    return result.replacing(with: Vector() - result, where: isNegative)
  }
}

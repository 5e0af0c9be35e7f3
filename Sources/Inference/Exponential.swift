/// `e^x` in float32, the same bits on every machine; used by softmax and SiLU.
///
///     n = nearest integer to x / ln 2         r = x - n ln 2, |r| ≤ 0.35
///     e^x = 2ⁿ e^r                            e^r = 1 + (r + r² (c₀ + r (c₁ + r (c₂ + r (c₃ + r c₄)))))
///
/// Every product is rounded before its sum. The error is below 1 unit in the last place where the result is a normal
/// number. `-inf` gives 0, overflow gives infinity, NaN stays NaN.
enum Exponential {
  /// `e^x` in each lane.
  static func of(_ x: SIMD8<Float>) -> SIMD8<Float> {
    typealias Vector = SIMD8<Float>
    // Beyond these ends the result is 0 or infinity anyway, and n stays small enough for the two factors below.
    var clamped = x.replacing(with: Vector(repeating: -104), where: x .< Vector(repeating: -104))
    clamped = clamped.replacing(with: Vector(repeating: 89), where: clamped .> Vector(repeating: 89))

    // Adding 1.5 × 2²³ rounds to an integer, stored in the low bits of the sum.
    let magic = Vector(repeating: 12_582_912)
    let shifted = clamped * Vector(repeating: 1.442_695) + magic
    let n = shifted - magic
    // ln 2 in two parts; n times the first, which has nine bits, is exact.
    let r = clamped - n * Vector(repeating: 0.693_359_375) - n * Vector(repeating: -2.121_944_4e-4)

    // Minimax for the relative error on |r| ≤ 0.347 (a weighted least-squares iteration in extended precision); 3.1e-9.
    var sum = r * Vector(repeating: 0x1.6a235_2p-10) + Vector(repeating: 0x1.123a6cp-7)
    sum = sum * r + Vector(repeating: 0x1.5558f4p-5)
    sum = sum * r + Vector(repeating: 0x1.55549p-3)
    sum = sum * r + Vector(repeating: 0x1.fffffcp-2)
    let power = (sum * (r * r) + r) + Vector(repeating: 1)

    // 2ⁿ as two factors, so that results below the smallest normal number are rounded once, by the last product.
    let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- unsafeBitCast(magic, to: SIMD8<Int32>.self)
    let half = exponent &>> 1
    return power * powerOfTwo(half) * powerOfTwo(exponent &- half)
  }

  /// `e^x`; the same arithmetic as in a lane.
  static func of(_ x: Float) -> Float { of(SIMD8(repeating: x))[0] }

  /// `2^exponent`, for exponents of normal numbers.
  @inline(__always)
  private static func powerOfTwo(_ exponent: SIMD8<Int32>) -> SIMD8<Float> {
    unsafeBitCast((exponent &+ SIMD8(repeating: 127)) &<< 23, to: SIMD8<Float>.self)
  }
}

/// `1 / (1 + e^-x)` in float32.
enum Sigmoid {
  static func of(_ x: Float) -> Float { 1 / (1 + Exponential.of(-x)) }
}

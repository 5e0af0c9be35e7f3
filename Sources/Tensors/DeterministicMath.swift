/// Elementary functions in double precision, the same bits on every machine: plain arithmetic in a fixed order.
///
/// Mathematical libraries of systems differ in the last bits. The error here is a few units in the last of 53 bits. The
/// functions serve tables that are then rounded to 24 bits, and printed probabilities.
public enum DeterministicMath {
  /// `sin x`, for angles up to some 10⁸; larger ones lose precision.
  public static func sine(_ angle: Double) -> Double { wave(angle, quarter: 0) }

  /// `cos x = sin(x + π/2)`.
  public static func cosine(_ angle: Double) -> Double { wave(angle, quarter: 1) }

  /// `base^exponent`, for a base above 0.
  public static func power(_ base: Double, _ exponent: Double) -> Double {
    exponential(exponent * naturalLogarithm(base))
  }

  /// `e^x`: `x = n ln 2 + r`, `e^x = 2ⁿ e^r`, with Taylor's series for `|r| ≤ 0.35`, whose rest is below 10⁻¹⁸.
  public static func exponential(_ value: Double) -> Double {
    guard value > -746 else { return value.isNaN ? value : 0 }
    guard value < 710 else { return value.isNaN ? value : .infinity }
    let n = (value * 0x1.71547652b82fep0 + 0x1.8p52) - 0x1.8p52
    let r = value - n * logarithmOfTwo.head - n * logarithmOfTwo.tail
    var sum = r * (1 / 6_227_020_800) + 1 / 479_001_600
    sum = sum * r + 1 / 39_916_800
    sum = sum * r + 1 / 3_628_800
    sum = sum * r + 1 / 362_880
    sum = sum * r + 1 / 40_320
    sum = sum * r + 1 / 5_040
    sum = sum * r + 1 / 720
    sum = sum * r + 1 / 120
    sum = sum * r + 1 / 24
    sum = sum * r + 1 / 6
    sum = sum * r + 0.5
    // 2ⁿ as two factors, so that results below the smallest normal number are rounded once, by the last product.
    let half = Int64(n) >> 1
    return (1 + (r + r * r * sum)) * powerOfTwo(half) * powerOfTwo(Int64(n) - half)
  }

  /// `ln x`: `x = 2ⁿ m` with `m` around 1, and `ln m = 2 (s + s³/3 + s⁵/5 + …)` with `s = (m - 1) / (m + 1)`.
  public static func naturalLogarithm(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return value == 0 ? -.infinity : value > 0 ? value : .nan }
    var n = Double(value.exponent), m = value.significand
    if m > 1.414_213_562_373_095_1 {
      m /= 2
      n += 1
    }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    for odd in stride(from: 23.0, through: 3, by: -2) { sum = (sum + 1 / odd) * square }
    return n * logarithmOfTwo.head + (2 * s + (2 * s * sum + n * logarithmOfTwo.tail))
  }

  /// ln 2 in two parts; the first has 32 bits, so that a whole number times it is exact.
  private static let logarithmOfTwo = (head: 0x1.62e42ffp-1, tail: -0x1.718432a1b0e26p-35)

  /// `2^exponent`, for exponents of normal numbers.
  private static func powerOfTwo(_ exponent: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: (exponent + 1023) << 52))
  }

  /// `sin(angle + quarter π/2)`: the angle less whole quarter turns, then Taylor's series on `|r| ≤ π/4`, whose rest is
  /// below 10⁻¹⁹.
  private static func wave(_ angle: Double, quarter: Int64) -> Double {
    guard angle.magnitude < 0x1p52 else { return .nan }
    let n = (angle * 0x1.45f306dc9c883p-1 + 0x1.8p52) - 0x1.8p52
    // π/2 in four parts of 25 bits, so that their products with n are exact.
    let r =
      angle - n * 0x1.921fb5p0 - n * 0x1.110b46p-26 - n * 0x1.1a6263p-54 - n * 0x1.8a2e03707344ap-81
    let square = r * r
    let turn = (Int64(n) + quarter) & 3
    var sum: Double
    if turn & 1 == 0 {
      sum = square * (-1 / 121_645_100_408_832_000) + 1 / 355_687_428_096_000
      sum = sum * square - 1 / 1_307_674_368_000
      sum = sum * square + 1 / 6_227_020_800
      sum = sum * square - 1 / 39_916_800
      sum = sum * square + 1 / 362_880
      sum = sum * square - 1 / 5_040
      sum = sum * square + 1 / 120
      sum = r + r * square * (sum * square - 1 / 6)
    } else {
      sum = square * (-1 / 6_402_373_705_728_000) + 1 / 20_922_789_888_000
      sum = sum * square - 1 / 87_178_291_200
      sum = sum * square + 1 / 479_001_600
      sum = sum * square - 1 / 3_628_800
      sum = sum * square + 1 / 40_320
      sum = sum * square - 1 / 720
      sum = sum * square + 1 / 24
      sum = 1 + square * (sum * square - 0.5)
    }
    return turn >= 2 ? -sum : sum
  }
}

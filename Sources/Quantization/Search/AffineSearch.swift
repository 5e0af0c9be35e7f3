// Searches the scale and the minimum of a sub-block: w = scale · q + minimum, 0 ≤ q ≤ maximum, minimum ≤ 0.
//
// Inverse scales (first + step · k + maximum) / range are tried, for k = 0…stepCount. Each gives quants, for which
// scale and minimum follow by weighted least squares, with S = Σ weight · …:
//
//   D = S₁ · S_qq − S_q²      scale = (S₁ · S_wq − S_w · S_q) / D      minimum = (S_qq · S_w − S_q · S_wq) / D
//
// or, if that minimum is above 0, scale = S_wq / S_qq and no minimum. The least weighted deviation wins. The search
// starts from the range itself, and each improvement moves the minimum from which the range of later tries is measured.
// Same floats as ggml-quants.c `make_qkx2_quants` and `make_qkx3_quants` (llama.cpp 0c1e57098).

struct AffineSearch {
  /// The measure of a difference.
  enum Deviation {
    case absolute, squared
  }

  let maximum: Float
  let first: Float
  let step: Float
  let stepCount: Int
  let deviation: Deviation

  /// The tries of elements weighted by an importance matrix.
  var weighted: AffineSearch { .weighted(maximum: maximum) }

  /// The tries of elements weighted by an importance matrix.
  static func weighted(maximum: Float) -> AffineSearch {
    AffineSearch(maximum: maximum, first: -0.9, step: 0.05, stepCount: 36, deviation: .squared)
  }

  /// The inverse scale of a try times the range.
  @inline(__always)
  func factor(_ step: Int) -> Float { first + self.step * Float(step) + maximum }

  /// The best scale, the best minimum without its sign, and the quants of the search.
  func search(_ values: [Float], weights: [Float]) -> (scale: Float, minimum: Float, quants: [Int]) {
    let (least, greatest) = firstLeastAndGreatest(values)
    var minimum = least > 0 ? 0 : least
    if greatest == minimum { return (0, -minimum, values.map { _ in 0 }) }

    func quantized(_ factor: Float) -> [Int] {
      let inverse = factor / (greatest - minimum)
      return values.map { nearestInteger(inverse * ($0 - minimum)).clamped(0, Int(maximum)) }
    }
    func weighted(_ quants: [Int], _ scale: Float, _ minimum: Float) -> Float {
      var sum: Float = 0
      for (index, quant) in quants.enumerated() {
        let difference = scale * Float(quant) + minimum - values[index]
        sum += weights[index] * (deviation == .absolute ? abs(difference) : difference * difference)
      }
      return sum
    }

    var scale = 1 / (maximum / (greatest - minimum))
    var quants = quantized(maximum)
    var best = weighted(quants, scale, minimum)
    var weightSum: Float = 0
    var valueSum: Float = 0
    for (value, weight) in zip(values, weights) {
      weightSum += weight
      valueSum += weight * value
    }
    for step in 0...stepCount {
      let nextQuants = quantized(factor(step))
      var quantSum: Float = 0
      var squareSum: Float = 0
      var productSum: Float = 0
      for (index, quant) in nextQuants.enumerated() {
        let term = weights[index] * Float(quant)
        quantSum += term
        squareSum += term * Float(quant)
        productSum += term * values[index]
      }
      let determinant = weightSum * squareSum - quantSum * quantSum
      guard determinant > 0 else { continue }
      var nextScale = (weightSum * productSum - valueSum * quantSum) / determinant
      var nextMinimum = (squareSum * valueSum - quantSum * productSum) / determinant
      if nextMinimum > 0 {
        nextMinimum = 0
        nextScale = productSum / squareSum
      }
      let next = weighted(nextQuants, nextScale, nextMinimum)
      if next < best {
        (quants, best, scale, minimum) = (nextQuants, next, nextScale, nextMinimum)
      }
    }
    return (scale, -minimum, quants)
  }
}

/// Eight searches, one per lane.
struct AffineLanes {
  private(set) var scale: Floats
  /// The minimums without their signs.
  private(set) var minimum: Floats
  /// The minimums; a zero also has its sign, which a vector's negation loses.
  private(set) var signedMinimum: Floats
  /// Whether all values are within the range that vectors round exactly; if not, the scalar implementation encodes the
  /// block.
  private(set) var isOrdinary: Bool
  /// The winning quants are (element − `start`) · `inverse`; `inverse` is 0 in a lane without a range.
  private var inverse: Floats, start: Floats
  private let maximum: Float

  @inline(__always)
  init<let count: Int>(
    _ elements: InlineArray<count, Floats>, weights: InlineArray<count, Floats>, _ search: AffineSearch
  ) {
    let values = elements.span, weights = weights.span
    maximum = search.maximum
    var least = values[0]
    var greatest = values[0]
    var weightSum = weights[0]
    var valueSum = weights[0] * values[0]
    for index in 1..<count {
      least = least.lesser(values[index])
      greatest = greatest.greater(values[index])
      weightSum += weights[index]
      valueSum += weights[index] * values[index]
    }
    start = least.lesser(Floats.zero)
    let lacksRange = greatest .== start
    inverse = Floats(repeating: maximum) / (greatest - start)
    scale = Floats(repeating: 1) / inverse
    minimum = start
    var isPlain = lacksRange .| Self.isPlain(inverse, greatest - start)

    var best = Floats.zero
    for index in 0..<count {
      let quant = (inverse * (values[index] - start)).nearestSmall.clamped(0, maximum)
      best += weights[index] * Self.deviation(scale * quant + minimum - values[index], search.deviation)
    }
    var storage = InlineArray<count, Floats>(repeating: .zero)
    var quants = storage.mutableSpan
    for step in 0...search.stepCount {
      let next = Floats(repeating: search.factor(step)) / (greatest - minimum)
      isPlain = isPlain
        .& (lacksRange .| (Self.isPlain(next, greatest - minimum) .& Self.isPlain(next, least - minimum)))
      var quantSum = Floats.zero
      var squareSum = Floats.zero
      var productSum = Floats.zero
      for index in 0..<count {
        quants[index] = (next * (values[index] - minimum)).nearestSmall.clamped(0, maximum)
      }
      // A separate loop: merged with the sums, the compiler splits the selections of `clamped` into half vectors.
      for index in 0..<count {
        let quant = quants[index]
        let term = weights[index] * quant
        quantSum += term
        squareSum += term * quant
        productSum += term * values[index]
      }
      let determinant = weightSum * squareSum - quantSum * quantSum
      var nextScale = (weightSum * productSum - valueSum * quantSum) / determinant
      var nextMinimum = (squareSum * valueSum - quantSum * productSum) / determinant
      let isRaised = nextMinimum .> Floats.zero
      nextMinimum.replace(with: Floats.zero, where: isRaised)
      nextScale.replace(with: productSum / squareSum, where: isRaised)
      var sum = Floats.zero
      for index in 0..<count {
        sum +=
          weights[index] * Self.deviation(nextScale * quants[index] + nextMinimum - values[index], search.deviation)
      }
      let isBetter = (determinant .> Floats.zero) .& (sum .< best)
      best.replace(with: sum, where: isBetter)
      inverse.replace(with: next, where: isBetter)
      start.replace(with: minimum, where: isBetter)
      scale.replace(with: nextScale, where: isBetter)
      minimum.replace(with: nextMinimum, where: isBetter)
    }
    isOrdinary = all(isPlain)
    scale.replace(with: Floats.zero, where: lacksRange)
    signedMinimum = minimum.replacing(with: least.lesser(Floats.zero), where: lacksRange)
    minimum = -signedMinimum
    inverse.replace(with: Floats.zero, where: lacksRange)
  }

  /// Whether products with differences up to this one are within the range that vectors round exactly.
  @inline(__always)
  private static func isPlain(_ inverse: Floats, _ difference: Floats) -> SIMDMask<SIMD8<Int32>> {
    (inverse * difference).magnitude .< Floats(repeating: 0x1p21)
  }

  @inline(__always)
  private static func deviation(_ difference: Floats, _ kind: AffineSearch.Deviation) -> Floats {
    switch kind {
    case .absolute: difference.magnitude
    case .squared: difference * difference
    }
  }

  /// The quants of the search for one element of each sub-block.
  @inline(__always)
  func quants(_ values: Floats) -> Floats {
    (inverse * (values - start)).nearestSmall.clamped(0, maximum)
  }
}

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

/// Searches, one per lane.
struct AffineLanes<Lanes: FloatLanes> {
  fileprivate(set) var scale: Lanes
  /// The minimums without their signs.
  fileprivate(set) var minimum: Lanes
  /// The minimums; a zero also has its sign, which a vector's negation loses.
  fileprivate(set) var signedMinimum: Lanes
  /// Whether all values are within the range that vectors round exactly; if not, the scalar implementation encodes the
  /// block.
  fileprivate(set) var isOrdinary: Bool
  /// The winning quants are (element − `start`) · `inverse`; `inverse` is 0 in a lane without a range.
  fileprivate var inverse: Lanes, start: Lanes
  fileprivate let maximum: Float

  fileprivate init(
    scale: Lanes, minimum: Lanes, signedMinimum: Lanes, isOrdinary: Bool, inverse: Lanes, start: Lanes, maximum: Float
  ) {
    self.scale = scale
    self.minimum = minimum
    self.signedMinimum = signedMinimum
    self.isOrdinary = isOrdinary
    self.inverse = inverse
    self.start = start
    self.maximum = maximum
  }

  @inline(__always)
  init<let count: Int>(
    _ elements: InlineArray<count, Lanes>, weights: InlineArray<count, Lanes>, _ search: AffineSearch
  ) {
    var quants = InlineArray<count, Lanes>(repeating: .zero)
    var scratch = quants.mutableSpan
    self.init(
      elements.span, weights: weights.span, search, bottom: ShiftedLimit(0), top: ShiftedLimit(search.maximum),
      quants: &scratch)
  }

  // Spans, because arrays that are arguments are copied before they can be read.
  @inline(never)
  private init(
    _ values: Span<Lanes>, weights: Span<Lanes>, _ search: AffineSearch, bottom: ShiftedLimit<Lanes>,
    top: ShiftedLimit<Lanes>, quants: inout MutableSpan<Lanes>
  ) {
    let count = values.count
    precondition(count > 0 && weights.count == count && quants.count == count)
    maximum = search.maximum
    var least = values[0]
    var greatest = values[0]
    var weightSum = weights[0]
    var valueSum = weights[0] * values[0]
    for index in 1..<count {
      least = least.lesser(values[index])
      greatest = greatest.greater(values[index])
      weightSum = weightSum + weights[index]
      valueSum = valueSum + weights[index] * values[index]
    }
    start = least.lesser(Lanes.zero)
    let lacksRange = greatest .== start
    inverse = Lanes(repeating: maximum) / (greatest - start)
    scale = Lanes(repeating: 1) / inverse
    minimum = start
    var isPlain = Lanes.either(lacksRange, Self.isPlain(inverse, greatest - start))

    var best = Lanes.zero
    for index in 0..<count {
      let quant = (inverse * (values[index] - start)).nearestSmall(atLeast: bottom, atMost: top)
      best = best + weights[index] * Self.deviation(scale * quant + minimum - values[index], search.deviation)
    }
    for step in 0...search.stepCount {
      let next = Lanes(repeating: search.factor(step)) / (greatest - minimum)
      let isWithin = Lanes.both(Self.isPlain(next, greatest - minimum), Self.isPlain(next, least - minimum))
      isPlain = Lanes.both(isPlain, Lanes.either(lacksRange, isWithin))
      var quantSum = Lanes.zero
      var squareSum = Lanes.zero
      var productSum = Lanes.zero
      // The greatest element becomes the factor, which is not rounded above the maximum if it is less than a half above it.
      let fits = search.factor(step) < maximum + 0.49
      if fits, Lanes.isSetEverywhere(Lanes.either(minimum .< greatest, lacksRange)) {
        for index in 0..<count {
          quants[index] = (next * (values[index] - minimum)).nearestSmall(atLeast: bottom)
        }
      } else {
        for index in 0..<count {
          quants[index] = (next * (values[index] - minimum)).nearestSmall(atLeast: bottom, atMost: top)
        }
      }
      // A separate loop: merged with the sums, the compiler splits the selections into half vectors.
      for index in 0..<count {
        let quant = quants[index]
        let term = weights[index] * quant
        quantSum = quantSum + term
        squareSum = squareSum + term * quant
        productSum = productSum + term * values[index]
      }
      let determinant = weightSum * squareSum - quantSum * quantSum
      var nextScale = (weightSum * productSum - valueSum * quantSum) / determinant
      var nextMinimum = (squareSum * valueSum - quantSum * productSum) / determinant
      let isRaised = nextMinimum .> Lanes.zero
      nextMinimum.choose(Lanes.zero, where: isRaised)
      nextScale.choose(productSum / squareSum, where: isRaised)
      var sum = Lanes.zero
      // A loop for each, because in one the kind is asked for each element.
      switch search.deviation {
      case .absolute:
        for index in 0..<count {
          let difference = nextScale * quants[index] + nextMinimum - values[index]
          sum = sum + weights[index] * difference.magnitude
        }
      case .squared:
        for index in 0..<count {
          let difference = nextScale * quants[index] + nextMinimum - values[index]
          sum = sum + weights[index] * (difference * difference)
        }
      }
      let isBetter = Lanes.both(determinant .> Lanes.zero, sum .< best)
      best.choose(sum, where: isBetter)
      inverse.choose(next, where: isBetter)
      start.choose(minimum, where: isBetter)
      scale.choose(nextScale, where: isBetter)
      minimum.choose(nextMinimum, where: isBetter)
    }
    isOrdinary = Lanes.isSetEverywhere(isPlain)
    scale.choose(Lanes.zero, where: lacksRange)
    signedMinimum = minimum.choosing(least.lesser(Lanes.zero), where: lacksRange)
    minimum = signedMinimum.negated
    inverse.choose(Lanes.zero, where: lacksRange)
  }

  /// Whether products with differences up to this one are within the range that vectors round exactly.
  @inline(__always)
  private static func isPlain(_ inverse: Lanes, _ difference: Lanes) -> Lanes.Mask {
    (inverse * difference).magnitude .< Lanes(repeating: 0x1p21)
  }

  @inline(__always)
  private static func deviation(_ difference: Lanes, _ kind: AffineSearch.Deviation) -> Lanes {
    switch kind {
    case .absolute: difference.magnitude
    case .squared: difference * difference
    }
  }

  /// The quants of the search for elements of one sub-block. Rare, so a call.
  @inline(never)
  func keptQuants(_ values: Floats, of lane: Int) -> Floats where Lanes == Floats {
    quants(values, above: Floats(repeating: start[lane]), by: Floats(repeating: inverse[lane]))
  }

  /// The quants of the search for one element of each sub-block.
  @inline(__always)
  func quants(_ values: Lanes) -> Lanes { quants(values, above: start, by: inverse) }

  @inline(__always)
  private func quants(_ values: Lanes, above start: Lanes, by inverse: Lanes) -> Lanes {
    (inverse * (values - start)).nearestSmall.clamped(0, maximum)
  }
}

extension AffineLanes where Lanes: SixteenLanes {
  /// The searches of the first and of the last eight lanes.
  var halves: (AffineLanes<Floats>, AffineLanes<Floats>) {
    (half { $0.lowHalf }, half { $0.highHalf })
  }

  private func half(_ half: (Lanes) -> Floats) -> AffineLanes<Floats> {
    AffineLanes<Floats>(
      scale: half(scale), minimum: half(minimum), signedMinimum: half(signedMinimum), isOrdinary: isOrdinary,
      inverse: half(inverse), start: half(start), maximum: maximum)
  }
}

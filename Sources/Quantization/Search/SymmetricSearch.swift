// Searches the scale of a sub-block without a minimum: w = scale · q, −maximum ≤ q < maximum.
//
// Nineteen inverse scales around −maximum / extreme are tried; the extreme is the first element of maximum magnitude.
// Each gives quants; the best scale for these by least squares, with the given weights, is
//
//   scale = Σ weight · w · q / Σ weight · q²     and explains     scale · Σ weight · w · q     of the elements' energy.
//
// The one that explains most wins. Same floats as ggml-quants.c `make_qx_quants` with `rmse_type` 1 (llama.cpp
// 0c1e57098).

/// Sub-blocks of smaller magnitude count as zero: ggml-quants.c `GROUP_MAX_EPS`.
let negligibleMagnitude: Float = 1e-15

/// The distance of each try from the first, in tenths of a quant.
private let tries = [-9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/// The best scale, and the quants of the search plus `maximum`, so that none is negative; zeros for a negligible
/// sub-block.
func symmetricSearch(_ values: [Float], weights: [Float], maximum: Int) -> (scale: Float, quants: [Int]) {
  let extreme = firstOfGreatestMagnitude(values)
  if abs(extreme) < negligibleMagnitude { return (0, values.map { _ in 0 }) }

  func attempt(_ inverse: Float) -> (quants: [Int], product: Float, square: Float) {
    let quants = values.map { nearestInteger(inverse * $0).clamped(-maximum, maximum - 1) }
    var product: Float = 0
    var square: Float = 0
    for (index, quant) in quants.enumerated() {
      product += weights[index] * values[index] * Float(quant)
      square += weights[index] * Float(quant) * Float(quant)
    }
    return (quants, product, square)
  }

  let first = attempt(Float(-maximum) / extreme)
  var quants = first.quants
  var scale = first.square == 0 ? 0 : first.product / first.square
  var best = scale * first.product
  for tenths in tries {
    let next = attempt(-(Float(maximum) + 0.1 * Float(tenths)) / extreme)
    if next.square > 0, next.product * next.product > best * next.square {
      quants = next.quants
      scale = next.product / next.square
      best = scale * next.product
    }
  }
  return (scale, quants.map { $0 + maximum })
}

/// Searches, one per lane.
struct SymmetricLanes<Lanes: FloatLanes> {
  fileprivate(set) var scale: Lanes
  /// The factor of the elements that gave the winning quants.
  fileprivate var inverse: Lanes
  fileprivate let isNegligible: Lanes.Mask
  fileprivate let maximum: Float

  fileprivate init(scale: Lanes, inverse: Lanes, isNegligible: Lanes.Mask, maximum: Float) {
    self.scale = scale
    self.inverse = inverse
    self.isNegligible = isNegligible
    self.maximum = maximum
  }

  @inline(__always)
  init<let count: Int>(_ elements: InlineArray<count, Lanes>, weights: InlineArray<count, Lanes>, maximum: Float) {
    let products = weights.products(with: elements)
    self.init(
      elements.span, weights: weights.span, products: products.span, maximum, bottom: ShiftedLimit(-maximum),
      top: ShiftedLimit(maximum - 1))
  }

  // Spans, because arrays that are arguments are copied before they can be read.
  @inline(never)
  private init(
    _ elements: Span<Lanes>, weights: Span<Lanes>, products: Span<Lanes>, _ maximum: Float, bottom: ShiftedLimit<Lanes>,
    top: ShiftedLimit<Lanes>
  ) {
    precondition(weights.count == elements.count && products.count == elements.count)
    self.maximum = maximum
    let (extremes, magnitude) = Self.extremes(elements)
    isNegligible = magnitude .< Lanes(repeating: negligibleMagnitude)
    let extreme = extremes.choosing(Lanes(repeating: 1), where: isNegligible)

    inverse = Lanes(repeating: -maximum) / extreme
    var (product, square) = Self.sums(elements, products, weights, inverse, .top, bottom, top)
    scale = (product / square).choosing(Lanes.zero, where: square .== Lanes.zero)
    var best = scale * product
    for tenths in -9...9 where tenths != 0 {
      let next = Lanes(repeating: -(maximum + 0.1 * Float(tenths))) / extreme
      // No element exceeds the extreme, so quants are within ±(maximum + tenths / 10), rounded.
      if tenths < -5 {
        (product, square) = Self.sums(elements, products, weights, next, .none, bottom, top)
      } else if tenths < 5 {
        (product, square) = Self.sums(elements, products, weights, next, .top, bottom, top)
      } else {
        (product, square) = Self.sums(elements, products, weights, next, .both, bottom, top)
      }
      let isBetter = Lanes.both(square .> Lanes.zero, product * product .> best * square)
      let nextScale = product / square
      scale.choose(nextScale, where: isBetter)
      best.choose(nextScale * product, where: isBetter)
      inverse.choose(next, where: isBetter)
    }
    scale.choose(Lanes.zero, where: isNegligible)
  }

  /// The ends of the range of quants that a try can leave.
  private enum Clamped { case none, top, both }

  /// The first elements of greatest magnitude, and the magnitudes.
  @inline(__always)
  private static func extremes(_ values: Span<Lanes>) -> (Lanes, magnitude: Lanes) {
    var extreme = Lanes.zero
    var magnitude = Lanes.zero
    for index in values.indices {
      let isGreater = values[index].magnitude .> magnitude
      magnitude.choose(values[index].magnitude, where: isGreater)
      extreme.choose(values[index], where: isGreater)
    }
    return (extreme, magnitude)
  }

  @inline(__always)
  private static func sums(
    _ values: Span<Lanes>, _ weighted: Span<Lanes>, _ weights: Span<Lanes>, _ inverse: Lanes, _ clamped: Clamped,
    _ bottom: ShiftedLimit<Lanes>, _ top: ShiftedLimit<Lanes>
  ) -> (product: Lanes, square: Lanes) {
    var product = Lanes.zero
    var square = Lanes.zero
    for index in values.indices {
      let scaled = inverse * values[index]
      let quant =
        switch clamped {
        case .none: scaled.nearestSmall
        case .top: scaled.nearestSmall(atMost: top)
        case .both: scaled.nearestSmall(atLeast: bottom, atMost: top)
        }
      product = product + weighted[index] * quant
      square = square + weights[index] * quant * quant
    }
    return (product, square)
  }
}

extension SymmetricLanes where Lanes == Floats {
  /// The quants of elements divided by stored scales, plus the maximum; those of the search if a scale is zero.
  @inline(__always)
  func quants<let count: Int>(
    _ values: InlineArray<count, Floats>, dividingBy divisor: Floats
  ) -> InlineArray<count, Words> {
    let keepsSearch = divisor .== Floats.zero
    let values = values.span
    return InlineArray<count, Words> { index in
      let quants =
        (values[index] / divisor).nearest.clamped(-maximum, maximum - 1) + Floats(repeating: maximum)
      return quants.choosing(self.quants(values[index]), where: keepsSearch).wholeWords
    }
  }

  /// The quants of the search for elements of one sub-block, plus the maximum. Rare, so a call.
  @inline(never)
  func keptQuants(_ values: Floats, of lane: Int) -> Floats {
    isNegligible[lane] ? Floats.zero : quants(values, by: Floats(repeating: inverse[lane]))
  }

  /// The quants of the search for one element of each sub-block, plus the maximum.
  @inline(__always)
  func quants(_ values: Floats) -> Floats {
    quants(values, by: inverse).choosing(Floats.zero, where: isNegligible)
  }

  @inline(__always)
  private func quants(_ values: Floats, by inverse: Floats) -> Floats {
    (inverse * values).nearestSmall.clamped(-maximum, maximum - 1) + Floats(repeating: maximum)
  }
}

extension SymmetricLanes where Lanes: SixteenLanes {
  /// The searches of the first and of the last eight lanes.
  var halves: (SymmetricLanes<Floats>, SymmetricLanes<Floats>) {
    let (low, high) = Lanes.halves(isNegligible)
    return (
      SymmetricLanes<Floats>(scale: scale.lowHalf, inverse: inverse.lowHalf, isNegligible: low, maximum: maximum),
      SymmetricLanes<Floats>(scale: scale.highHalf, inverse: inverse.highHalf, isNegligible: high, maximum: maximum)
    )
  }
}

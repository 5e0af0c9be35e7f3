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

/// Eight searches, one per lane.
struct SymmetricLanes {
  private(set) var scale: Floats
  /// The factor of the elements that gave the winning quants.
  private var inverse: Floats
  private let isNegligible: SIMDMask<SIMD8<Int32>>
  private let maximum: Float

  @inline(never)
  init<let count: Int>(_ elements: InlineArray<count, Floats>, weights: InlineArray<count, Floats>, maximum: Float) {
    self.maximum = maximum
    let values = elements.span, weights = weights.span
    var extreme = Floats.zero
    var magnitude = Floats.zero
    for index in 0..<count {
      let isGreater = values[index].magnitude .> magnitude
      magnitude.replace(with: values[index].magnitude, where: isGreater)
      extreme.replace(with: values[index], where: isGreater)
    }
    isNegligible = magnitude .< Floats(repeating: negligibleMagnitude)
    extreme.replace(with: Floats(repeating: 1), where: isNegligible)
    let products = InlineArray<count, Floats> { weights[$0] * values[$0] }
    let weighted = products.span

    inverse = Floats(repeating: -maximum) / extreme
    var (product, square) = Self.sums(values, weighted, weights, inverse, maximum)
    scale = (product / square).replacing(with: Floats.zero, where: square .== Floats.zero)
    var best = scale * product
    for tenths in -9...9 where tenths != 0 {
      let next = Floats(repeating: -(maximum + 0.1 * Float(tenths))) / extreme
      (product, square) = Self.sums(values, weighted, weights, next, maximum)
      let isBetter = (square .> Floats.zero) .& (product * product .> best * square)
      let nextScale = product / square
      scale.replace(with: nextScale, where: isBetter)
      best.replace(with: nextScale * product, where: isBetter)
      inverse.replace(with: next, where: isBetter)
    }
    scale.replace(with: Floats.zero, where: isNegligible)
  }

  @inline(__always)
  private static func sums(
    _ values: Span<Floats>, _ weighted: Span<Floats>, _ weights: Span<Floats>, _ inverse: Floats, _ maximum: Float
  ) -> (product: Floats, square: Floats) {
    var product = Floats.zero
    var square = Floats.zero
    for index in values.indices {
      // All quants are within ±(maximum + 1), since no element exceeds the extreme.
      let quant = (inverse * values[index]).nearestSmall.clamped(-maximum, maximum - 1)
      product += weighted[index] * quant
      square += weights[index] * quant * quant
    }
    return (product, square)
  }

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
      return quants.replacing(with: self.quants(values[index]), where: keepsSearch).wholeWords
    }
  }

  /// The quants of the search for one element of each sub-block, plus the maximum.
  @inline(__always)
  func quants(_ values: Floats) -> Floats {
    let quants = (inverse * values).nearestSmall.clamped(-maximum, maximum - 1) + Floats(repeating: maximum)
    return quants.replacing(with: Floats.zero, where: isNegligible)
  }
}

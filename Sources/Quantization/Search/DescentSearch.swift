// Searches the quants of a sub-block without a minimum, one by one: w = scale · q, −maximum ≤ q < maximum.
//
// The search starts from the inverse scale −maximum / extreme. With weights w², the best scale for given quants
// explains
//
//   (Σ w² · w · q)² / Σ w² · q²
//
// of the elements' energy. Each element in turn is removed from both sums and quantized again by the scale of the
// others; the new quant is kept if the quotient grows. There are at most five rounds.
// Same floats as ggml-quants.c `make_q3_quants` (llama.cpp 0c1e57098).

private let roundCount = 5

/// The best scale, and the quants plus `maximum`, so that none is negative; zeros for a negligible sub-block.
func descentSearch(_ values: [Float], maximum: Int) -> (scale: Float, quants: [Int]) {
  let extreme = firstOfGreatestMagnitude(values)
  if abs(extreme) < negligibleMagnitude { return (0, values.map { _ in 0 }) }
  let inverse = Float(-maximum) / extreme
  var quants = values.map { nearestInteger(inverse * $0).clamped(-maximum, maximum - 1) }
  var product: Float = 0
  var square: Float = 0
  for (value, quant) in zip(values, quants) {
    product += value * value * value * Float(quant)
    square += value * value * Float(quant) * Float(quant)
  }
  for _ in 0..<roundCount {
    var isChanged = false
    for (index, value) in values.enumerated() {
      let weight = value * value
      let quant = Float(quants[index])
      var nextProduct = product - weight * value * quant
      guard nextProduct > 0 else { continue }
      var nextSquare = square - weight * quant * quant
      let next = nearestInteger(value * nextSquare / nextProduct).clamped(-maximum, maximum - 1)
      guard next != quants[index] else { continue }
      nextProduct += weight * value * Float(next)
      nextSquare += weight * Float(next) * Float(next)
      if nextSquare > 0, nextProduct * nextProduct * square > product * product * nextSquare {
        quants[index] = next
        (product, square) = (nextProduct, nextSquare)
        isChanged = true
      }
    }
    if !isChanged { break }
  }
  return (square > 0 ? product / square : 0, quants.map { $0 + maximum })
}

/// Eight searches in sub-blocks of 16, one per lane.
struct DescentLanes {
  let values: InlineArray<16, Floats>
  private var quants: InlineArray<16, Floats>
  private var product = Floats.zero, square = Floats.zero
  private let isNegligible: SIMDMask<SIMD8<Int32>>
  private let maximum: Float

  @inline(__always)
  init(_ elements: InlineArray<16, Floats>, maximum: Float) {
    values = elements
    self.maximum = maximum
    let values = elements.span
    var extreme = Floats.zero
    var magnitude = Floats.zero
    for index in 0..<16 {
      let isGreater = values[index].magnitude .> magnitude
      magnitude.choose(values[index].magnitude, where: isGreater)
      extreme.choose(values[index], where: isGreater)
    }
    isNegligible = magnitude .< Floats(repeating: negligibleMagnitude)
    extreme.choose(Floats(repeating: 1), where: isNegligible)
    let inverse = Floats(repeating: -maximum) / extreme
    quants = elements.mapped { (inverse * $0).nearestSmall.clamped(-maximum, maximum - 1) }
    let quants = quants.span
    for index in 0..<16 {
      let weight = values[index] * values[index]
      product += weight * values[index] * quants[index]
      square += weight * quants[index] * quants[index]
    }
  }

  @inline(never)
  mutating func search() {
    let elements = values
    let values = elements.span
    var found = quants
    var quants = found.mutableSpan
    for _ in 0..<roundCount {
      var isChanged = false
      for index in 0..<16 where improve(values[index], &quants[index]) { isChanged = true }
      if !isChanged { break }
    }
    self.quants = found
  }

  /// Quantizes one element of each sub-block again; returns whether any quant changed.
  ///
  /// Most quants do not change, which products show without a division: w / scale of the others, which is
  /// value · nextSquare / nextProduct, is well between the halves around the quant, or beyond the last quant and far
  /// within ±2²².
  @inline(__always)
  private mutating func improve(_ value: Floats, _ quant: inout Floats) -> Bool {
    let weight = value * value
    let nextProduct = product - weight * value * quant
    let nextSquare = square - weight * quant * quant
    let isPositive = nextProduct .> Floats.zero
    let scaled = value * nextSquare
    var below = quant - Floats(repeating: 0.4999)
    var above = quant + Floats(repeating: 0.4999)
    below.choose(Floats(repeating: -0x1p20), where: quant .== Floats(repeating: -maximum))
    above.choose(Floats(repeating: 0x1p20), where: quant .== Floats(repeating: maximum - 1))
    let stays =
      (scaled .> below * nextProduct) .& (scaled .< above * nextProduct)
      .& (nextProduct .> Floats(repeating: 0x1p-90))
    guard (.!stays .& isPositive).isAnySet else { return false }

    let next = (scaled / nextProduct).nearest.clamped(-maximum, maximum - 1)
    let changedProduct = nextProduct + weight * value * next
    let changedSquare = nextSquare + weight * next * next
    let isBetter =
      isPositive .& (next .!= quant) .& (changedSquare .> Floats.zero)
      .& (changedProduct * changedProduct * square .> product * product * changedSquare)
    guard isBetter.isAnySet else { return false }
    quant.choose(next, where: isBetter)
    product.choose(changedProduct, where: isBetter)
    square.choose(changedSquare, where: isBetter)
    return true
  }

  var scale: Floats {
    (product / square).choosing(Floats.zero, where: isNegligible .| .!(square .> Floats.zero))
  }

  /// The quants of elements divided by stored scales, plus the maximum; those of the search if a scale is zero.
  @inline(__always)
  func quants(dividingBy divisor: Floats) -> InlineArray<16, Words> {
    let keepsSearch = divisor .== Floats.zero
    let anyKeepsSearch = keepsSearch.isAnySet
    let raise = Floats(repeating: maximum)
    let values = values.span, found = quants.span
    return InlineArray<16, Words> { index in
      var quants = (values[index] / divisor).nearest.clamped(-maximum, maximum - 1) + raise
      if anyKeepsSearch {
        let kept = (found[index] + raise).choosing(Floats.zero, where: isNegligible)
        quants.choose(kept, where: keepsSearch)
      }
      return quants.wholeWords
    }
  }
}

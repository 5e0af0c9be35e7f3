// Searches the scale of positive values that are themselves scales or minimums: x = scale · q, 0 ≤ q ≤ maximum.
//
// Nine inverse scales around maximum / max x are tried; the search starts from the one with the least weighted square
// error. Then each value in turn is quantized again by the best scale for the others, as in DescentSearch.swift.
// Same floats as ggml-quants.c `make_qp_quants` (llama.cpp 0c1e57098).

/// The best scale, and the quants; a value below zero by rounding errors can become a quant of 255.
func positiveSearch(_ numbers: [Float], weights: [Float], maximum: Int) -> (scale: Float, quants: [Int]) {
  let greatest = numbers.reduce(0) { $1 > $0 ? $1 : $0 }
  if greatest < negligibleMagnitude { return (0, numbers.map { _ in 0 }) }

  func squareError(_ inverse: Float, limit: Int) -> Float {
    let scale = 1 / inverse
    var sum: Float = 0
    for (number, weight) in zip(numbers, weights) {
      let nearest = nearestInteger(inverse * number)
      let difference = number - scale * Float(limit == .max ? nearest & 255 : min(limit, nearest))
      sum += weight * difference * difference
    }
    return sum
  }
  var inverse = Float(maximum) / greatest
  var best = squareError(inverse, limit: .max)
  for tenths in -4...4 where tenths != 0 {
    let next = (0.1 * Float(tenths) + Float(maximum)) / greatest
    let error = squareError(next, limit: maximum)
    if error < best { (best, inverse) = (error, next) }
  }

  var quants: [Int] = []
  var product: Float = 0
  var square: Float = 0
  for (number, weight) in zip(numbers, weights) {
    let quant = min(maximum, nearestInteger(inverse * number))
    quants.append(quant & 255)
    product += weight * number * Float(quant)
    square += weight * Float(quant) * Float(quant)
  }
  for _ in 0..<5 {
    var isChanged = false
    for (index, number) in numbers.enumerated() {
      let weight = weights[index]
      let quant = Float(quants[index])
      var nextProduct = product - weight * number * quant
      var nextSquare = square - weight * quant * quant
      guard nextProduct > 0, nextSquare > 0 else { continue }
      let next = min(maximum, nearestInteger(number * nextSquare / nextProduct))
      guard next != quants[index] else { continue }
      nextProduct += weight * number * Float(next)
      nextSquare += weight * Float(next) * Float(next)
      if nextProduct * nextProduct * square > product * product * nextSquare {
        quants[index] = next & 255
        (product, square) = (nextProduct, nextSquare)
        isChanged = true
      }
    }
    if !isChanged { break }
  }
  return (square > 0 ? product / square : 0, quants)
}

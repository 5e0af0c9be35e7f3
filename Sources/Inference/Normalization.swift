extension Matrix {
  /// RMSNorm: each row divided by the root of its mean square, times `weights`.
  ///
  ///     y[i] = weights[i] × (x[i] × 1 / √(Σ x² / n + epsilon))
  ///
  /// Squares are added in order in double precision.
  func rootMeanSquareNormalized(weights: [Float], epsilon: Double) -> Matrix {
    var result = self
    let weights = weights.span
    var values = result.values.mutableSpan
    for row in 0..<rowCount {
      let start = row * columnCount
      var sum = 0.0
      for index in start..<start + columnCount { sum += Double(values[index]) * Double(values[index]) }
      let scale = Float(1 / (sum / Double(columnCount) + epsilon).squareRoot())
      for column in 0..<columnCount { values[start + column] = weights[column] * (values[start + column] * scale) }
    }
    return result
  }

  /// The gate of SwiGLU: `x / (1 + e^-x) × up`, number by number; both have the same shape.
  func gating(_ up: Matrix) -> Matrix {
    precondition(rowCount == up.rowCount && columnCount == up.columnCount)
    var result = self
    let factors = up.values.span
    var values = result.values.mutableSpan
    let whole = values.count & ~7
    for start in stride(from: 0, to: whole, by: 8) {
      var x = SIMD8<Float>()
      for lane in 0..<8 { x[lane] = values[start + lane] }
      let silu = x / (Exponential.of(-x) + SIMD8(repeating: 1))
      for lane in 0..<8 { values[start + lane] = silu[lane] * factors[start + lane] }
    }
    for index in whole..<values.count {
      values[index] = values[index] / (Exponential.of(-values[index]) + 1) * factors[index]
    }
    return result
  }
}

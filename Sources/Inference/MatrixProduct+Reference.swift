extension MatrixProduct {
  /// Computes the product as it is defined, for tests: `y[position, out] = Σ x[position, in] · w[out, in]`.
  ///
  /// The order of the sum is part of the definition: terms are added in order to a sum per block of `blockDepth`
  /// terms, each product rounded first, and the sums of the blocks are added in order. The blocks make the error grow
  /// with the square root of 256 rather than of the whole depth.
  static func reference(_ x: Matrix, weights: [Float], outputCount: Int) -> Matrix {
    let depth = x.columnCount
    var y = Matrix(rowCount: x.rowCount, columnCount: outputCount)
    for position in 0..<x.rowCount {
      for output in 0..<outputCount {
        var total: Float = 0
        for start in stride(from: 0, to: depth, by: blockDepth) {
          var sum: Float = 0
          for index in start..<min(start + blockDepth, depth) {
            sum += x.values[position * depth + index] * weights[output * depth + index]
          }
          total += sum
        }
        y.values[position * outputCount + output] = total
      }
    }
    return y
  }
}

/// The mixtures of AltUp, with coefficients of their own at each position.
///
/// The n streams of a position are one after the other in a row: stream s is columns `s × width` to `(s + 1) × width`.
struct StreamMixture: Sendable {
  let streamCount: Int

  /// Predicts all streams: `y_q = Σ_p a[q n + p] x_p + x_q`, summed over p in order.
  ///
  /// - Parameters:
  ///   - streams: `[position, stream × width]`
  ///   - coefficients: `[position, n × n]`
  func predicted(_ streams: Matrix, _ coefficients: Matrix) -> Matrix {
    let count = streamCount, width = streams.columnCount / count
    var result = Matrix(rowCount: streams.rowCount, columnCount: streams.columnCount)
    let x = streams.values.span, a = coefficients.values.span
    var y = result.values.mutableSpan
    for position in 0..<streams.rowCount {
      let row = position * count * width, table = position * count * count
      for q in 0..<count {
        let target = row + q * width
        for p in 0..<count {
          let factor = a[table + q * count + p], source = row + p * width
          for column in 0..<width { y[target + column] += factor * x[source + column] }
        }
        for column in 0..<width { y[target + column] += x[target + column] }
      }
    }
    return result
  }

  /// Corrects all predictions by the error of one: `y_q = (1 + a[q]) innovation + x_q`.
  ///
  /// - Parameters:
  ///   - predictions: `[position, stream × width]`
  ///   - innovation: `[position, width]`
  ///   - coefficients: `[position, n]`
  func corrected(_ predictions: Matrix, by innovation: Matrix, _ coefficients: Matrix) -> Matrix {
    let count = streamCount, width = innovation.columnCount
    var result = predictions
    let change = innovation.values.span, a = coefficients.values.span
    var y = result.values.mutableSpan
    for position in 0..<predictions.rowCount {
      for q in 0..<count {
        let factor = 1 + a[position * count + q], target = (position * count + q) * width
        for column in 0..<width { y[target + column] += factor * change[position * width + column] }
      }
    }
    return result
  }
}

import Architectures

/// The norm of an architecture, over groups of adjacent values: a whole row, or a head.
///
///     rms    y[i] = w[i] × (x[i] × 1 / √(Σ x² / n + epsilon))
///     layer  y[i] = w[i] × ((x[i] - mean) × 1 / √(Σ (x - mean)² / n + epsilon)) + b[i]
///
/// Sums run in order in double precision.
struct Normalization: Sendable {
  let kind: ForwardPassFeatures.Norm
  let epsilon: Double

  /// Normalizes each group of `groupLength` values of every row.
  ///
  /// - Parameters:
  ///   - weights: one for each value of a row, or of a group, shared by all groups.
  ///   - bias: likewise, or nil.
  func normalize(_ x: Matrix, groupLength: Int, weights: [Float], bias: [Float]?) -> Matrix {
    precondition(x.columnCount.isMultiple(of: groupLength) && x.columnCount.isMultiple(of: weights.count))
    var result = x
    let weights = weights.span
    var values = result.values.mutableSpan
    for start in stride(from: 0, to: values.count, by: groupLength) {
      let group = start..<start + groupLength
      var mean = 0.0
      if kind == .layer {
        for index in group { mean += Double(values[index]) }
        mean /= Double(groupLength)
      }
      var sum = 0.0
      for index in group {
        let deviation = Double(values[index]) - mean
        sum += deviation * deviation
      }
      let scale = 1 / (sum / Double(groupLength) + epsilon).squareRoot()
      // Index of the group's first weight.
      let first = start % weights.count
      switch kind {
      case .rms:
        let scale = Float(scale)
        for offset in 0..<groupLength {
          values[start + offset] = weights[first + offset] * (values[start + offset] * scale)
        }
      case .layer:
        for offset in 0..<groupLength {
          values[start + offset] = weights[first + offset] * Float((Double(values[start + offset]) - mean) * scale)
        }
      }
    }
    if let bias { result.add(toEachRow: bias) }
    return result
  }
}

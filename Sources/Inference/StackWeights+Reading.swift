import Architectures

extension StackWeights {
  /// A vector of `count` values, or `rowCount` rows of it.
  func vector(_ role: TensorRole, layer: Int?, instance: Int? = nil, count: Int, rowCount: Int = 1) throws -> [Float] {
    func read() throws -> [Float] {
      var values: [Float] = []
      try self.read(role, layer: layer, instance: instance, rows: 0..<rowCount, width: count, into: &values)
      values.removeLast(values.count - count * rowCount)
      return values
    }
    guard let kept else { return try read() }
    return try kept.vector(KeptWeights.Key(role: role.of(stack), layer: layer, instance: instance), read: read)
  }

  /// An optional vector.
  func optionalVector(_ role: TensorRole, layer: Int?, instance: Int? = nil, count: Int) throws -> [Float]? {
    contains(role, layer: layer, instance: instance)
      ? try vector(role, layer: layer, instance: instance, count: count) : nil
  }

  /// The rows `indices` of a matrix `[row, width]`: `[position, width]`. Only these rows are read.
  func rows(_ indices: some Collection<Int>, of role: TensorRole, width: Int) throws -> Matrix {
    var matrix = Matrix(rowCount: indices.count, columnCount: width)
    var values: [Float] = []
    for (position, index) in indices.enumerated() {
      try read(role, layer: nil, instance: nil, rows: index..<index + 1, width: width, into: &values)
      for column in 0..<width { matrix.values[position * width + column] = values[column] }
    }
    return matrix
  }

  /// `x` `[position, in]` times the transpose of the matrix `[out, in]`: `[position, out]`.
  func multiply(
    _ x: Matrix, _ role: TensorRole, layer: Int?, instance: Int? = nil, outputCount: Int, threads: Int
  ) throws -> Matrix {
    let slabs = try kept?.matrix(
      KeptWeights.Key(role: role.of(stack), layer: layer, instance: instance), valueCount: outputCount * x.columnCount
    ) {
      try MatrixProduct.slabs(outputCount: outputCount, depth: x.columnCount, threads: threads) { rows, values in
        try read(role, layer: layer, instance: instance, rows: rows, width: x.columnCount, into: &values)
      }
    }
    if let slabs { return try MatrixProduct.multiply(x, slabs, outputCount: outputCount, threads: threads) }
    return try MatrixProduct.multiply(x, outputCount: outputCount, threads: threads) { rows, values in
      try read(role, layer: layer, instance: instance, rows: rows, width: x.columnCount, into: &values)
    }
  }

  /// Reads rows and checks their length against the hyperparameters.
  private func read(
    _ role: TensorRole, layer: Int?, instance: Int?, rows: Range<Int>, width: Int, into values: inout [Float]
  ) throws {
    try readRows(role, layer: layer, instance: instance, rows: rows, into: &values)
    guard values.count >= rows.count * width else {
      throw InferenceError.tooFewValues(
        role.of(stack), layer: layer, expected: rows.count * width, found: values.count)
    }
  }
}

import Architectures

extension WeightSource {
  /// The matrix that makes logits: its own, or the token embedding once more.
  var outputRole: TensorRole { hyperparameters.tiesEmbeddings ? .tokenEmbedding : .output }

  /// Checks that every tensor that the forward pass cannot do without is there.
  func requireTensors() throws(InferenceError) {
    for role in [.tokenEmbedding, .outputNorm, outputRole] as [TensorRole] {
      guard contains(role, layer: nil) else { throw .missingTensor(role, layer: nil) }
    }
    let roles: [TensorRole] = [
      .attentionNorm, .attentionQuery, .attentionKey, .attentionValue, .attentionOutput,
      .feedForwardNorm, .feedForwardGate, .feedForwardUp, .feedForwardDown,
    ]
    for layer in 0..<hyperparameters.layerCount {
      for role in roles where !contains(role, layer: layer) { throw .missingTensor(role, layer: layer) }
    }
  }

  /// A vector of `count` numbers.
  func vector(_ role: TensorRole, layer: Int?, count: Int) throws -> [Float] {
    var values: [Float] = []
    try read(role, layer: layer, rows: 0..<1, width: count, into: &values)
    values.removeLast(values.count - count)
    return values
  }

  /// The rows of the token embedding for `tokens`: `[position, embedding]`. Only these rows are read.
  func embeddings(of tokens: [Int]) throws -> Matrix {
    let width = hyperparameters.embeddingLength
    var matrix = Matrix(rowCount: tokens.count, columnCount: width)
    var values: [Float] = []
    for (position, token) in tokens.enumerated() {
      try read(.tokenEmbedding, layer: nil, rows: token..<token + 1, width: width, into: &values)
      for column in 0..<width { matrix.values[position * width + column] = values[column] }
    }
    return matrix
  }

  /// `x` `[position, in]` times the transpose of the matrix `[out, in]`: `[position, out]`.
  func multiply(
    _ x: Matrix, _ role: TensorRole, layer: Int?, outputCount: Int, threads: Int
  ) throws -> Matrix {
    try MatrixProduct.multiply(x, outputCount: outputCount, threads: threads) { rows, values in
      try read(role, layer: layer, rows: rows, width: x.columnCount, into: &values)
    }
  }

  /// Reads rows and checks that they are as long as the model's numbers say.
  private func read(
    _ role: TensorRole, layer: Int?, rows: Range<Int>, width: Int, into values: inout [Float]
  ) throws {
    try readRows(role, layer: layer, rows: rows, into: &values)
    guard values.count >= rows.count * width else {
      throw InferenceError.tooFewNumbers(role, layer: layer, expected: rows.count * width, found: values.count)
    }
  }
}

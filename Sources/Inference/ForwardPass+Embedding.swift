import Architectures

extension StackWeights {
  /// The input of the first layer: token, position and type embeddings, normalized if the model does so.
  ///
  /// - Parameter firstPosition: the position of the first token in the text.
  func embeddings(of tokens: [Int], firstPosition: Int = 0, threads: Int) throws -> Matrix {
    var hidden = try rows(tokens, of: .tokenEmbedding, width: hyperparameters.tokenEmbeddingLength)
    if contains(.embeddingProjection, layer: nil) {
      hidden = try multiply(
        hidden, .embeddingProjection, layer: nil, outputCount: hyperparameters.embeddingLength, threads: threads)
    }
    if let scale = hyperparameters.scales.embedding { hidden.multiply(by: Float(scale)) }
    if contains(.tokenTypeEmbedding, layer: nil) {
      // One text alone is of the first type.
      hidden.add(
        toEachRow: try rows([0], of: .tokenTypeEmbedding, width: hyperparameters.embeddingLength).values)
    }
    if contains(.positionEmbedding, layer: nil) {
      let end = firstPosition + tokens.count
      guard end <= hyperparameters.contextLength else {
        throw InferenceError.tooManyPositions(count: end, contextLength: hyperparameters.contextLength)
      }
      hidden.add(try positionEmbeddings(of: tokens, firstPosition: firstPosition))
    }
    guard contains(.tokenEmbeddingNorm, layer: nil) else { return hidden }
    return try normalize(hidden, .tokenEmbeddingNorm, nil)
  }

  /// The position embeddings of tokens; padding does not count where it has a row of its own.
  private func positionEmbeddings(of tokens: [Int], firstPosition: Int) throws -> Matrix {
    let width = hyperparameters.embeddingLength, padding = hyperparameters.paddingToken
    var next = firstPosition + hyperparameters.positionOffset
    let isUsed = tokens.map { $0 != padding }
    let positions = isUsed.map { isUsed in
      defer { if isUsed { next += 1 } }
      return isUsed ? next : 0
    }
    var embeddings = try rows(positions, of: .positionEmbedding, width: width)
    guard let padding, isUsed.contains(false) else { return embeddings }
    // A GGUF lacks the row, which is zeros in a trained model.
    let own =
      contains(.unusedPositionEmbedding, layer: nil)
      ? try rows([padding], of: .unusedPositionEmbedding, width: width).values : Array(repeating: 0, count: width)
    for row in isUsed.indices where !isUsed[row] {
      embeddings.values.replaceSubrange(row * width..<(row + 1) * width, with: own)
    }
    return embeddings
  }
}

extension ForwardPass {
  /// The hidden state after the last norm, if the model has one, `[position, embedding]`.
  public func normalizedHidden() throws -> Matrix { try normalizedFinal(hidden) }

  func normalizedFinal(_ x: Matrix) throws -> Matrix {
    let x = try merged(x)
    return weights.contains(.outputNorm, layer: nil) ? try normalize(x, .outputNorm, nil) : x
  }

  /// The result of an encoder after the last layer: the scores of its classifier head, or else the text embedding.
  public func textVector() throws -> [Float] {
    hyperparameters.features.output == .scores ? try scores() : try embedding()
  }

  /// The text embedding, `[embedding]`, after the last layer of an encoder.
  ///
  /// The first position, the last, or the mean of all, by the model's pooling; by default the first. Not scaled to unit
  /// length.
  public func embedding() throws -> [Float] {
    guard hyperparameters.features.output == .embedding else { throw InferenceError.hasNo(output: "embedding") }
    return Self.pooled(try normalizedHidden(), by: hyperparameters.pooling)
  }

  /// One vector of the vectors of all positions: that of the first, the last, or their mean in double precision.
  static func pooled(_ final: Matrix, by pooling: Hyperparameters.Pooling) -> [Float] {
    switch pooling {
    case .none, .first: return Array(final[row: 0])
    case .last: return Array(final[row: final.rowCount - 1])
    case .mean:
      var sums = [Double](repeating: 0, count: final.columnCount)
      for row in 0..<final.rowCount {
        for column in sums.indices { sums[column] += Double(final.values[row * final.columnCount + column]) }
      }
      return sums.map { Float($0 / Double(final.rowCount)) }
    }
  }
}

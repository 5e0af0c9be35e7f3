import Architectures

// AltUp keeps n residual streams x_0 … x_(n-1), of which x_a is the active one. Before the layers, with |x| the root mean
// square of a row:
//
//     x_0 = e                                    e: the token embedding
//     x_s = P_s e × |e| / |P_s e|                for the others
//
// In each layer, with m(x) = tanh(R norm(x) / embedding)
//
//     y_q = Σ_p A[q n + p] · m(x_a) x_p + x_q    predictions; the layer computes z of y_a
//     x_q = (1 + C[q] · m(z)) (z - y_a) + y_q    corrections
//
// and what the layer's own input adds goes to all streams but the first. After the layers
//
//     x = mean of x_0 and U_s x_s × |x_0| / |U_s x_s|

extension StackWeights {
  /// The streams `[position, stream × embedding]` before the first layer; the embedding itself without AltUp.
  func streams(of embedding: Matrix, threads: Int) throws -> Matrix {
    guard let altUp = hyperparameters.altUp else { return embedding }
    return .joining(
      try [embedding]
        + (0..<altUp.streamCount - 1).map { instance in
          let stream = try multiply(
            embedding, .altUpEmbedding, layer: nil, instance: instance, outputCount: embedding.columnCount,
            threads: threads)
          return stream.scaledToMagnitudes(of: embedding)
        })
  }
}

extension ForwardPass {
  /// What the layers compute with `[position, embedding]`: the hidden state, or the active one of its streams.
  public var activeHidden: Matrix { activeStream(of: hidden) }

  private func activeStream(of streams: Matrix) -> Matrix {
    guard let altUp = hyperparameters.altUp else { return streams }
    return streams.stream(altUp.activeStream, width: hyperparameters.embeddingLength)
  }

  /// Predicts all streams, and sets the hidden state to the active one; nil without AltUp.
  mutating func predictStreams(_ layer: Int) throws -> Matrix? {
    guard let altUp = hyperparameters.altUp else { return nil }
    let count = altUp.streamCount
    let coefficients = try project(modalities(activeHidden, altUp, layer), .altUpPrediction, layer, to: count * count)
    let predictions = StreamMixture(streamCount: count).predicted(hidden, coefficients)
    state.hidden = activeStream(of: predictions)
    return predictions
  }

  /// The streams after the layer, by its predictions and by the hidden state that it gave for the active one.
  mutating func correctStreams(_ predictions: Matrix, _ altUp: Hyperparameters.AltUp, _ layer: Int) throws {
    let coefficients = try project(modalities(hidden, altUp, layer), .altUpCorrection, layer, to: altUp.streamCount)
    var innovation = hidden
    innovation.subtract(activeStream(of: predictions))
    state.hidden = StreamMixture(streamCount: altUp.streamCount).corrected(predictions, by: innovation, coefficients)
    var active = activeHidden
    if altUp.scalesOutput {
      active.multiply(
        eachRowBy: try weights.vector(.altUpOutputScale, layer: layer, count: hyperparameters.embeddingLength))
    }
    guard let addend = try layerInputAddend(active, layer) else { return }
    for stream in 1..<max(1, altUp.streamCount) {
      state.hidden.add(addend, toColumnsFrom: stream * hyperparameters.embeddingLength)
    }
  }

  /// `tanh(R norm(x) / embedding)`, `[position, stream]`.
  private func modalities(_ x: Matrix, _ altUp: Hyperparameters.AltUp, _ layer: Int) throws -> Matrix {
    var input = try normalize(x, .altUpRouterNorm, layer)
    input.multiply(by: 1 / Float(hyperparameters.embeddingLength))
    return try project(input, .altUpRouter, layer, to: altUp.streamCount).activated(by: .tanh)
  }

  /// The one hidden state `[position, embedding]` after the last layer of what has `streams`.
  func merged(_ streams: Matrix) throws -> Matrix {
    guard let altUp = hyperparameters.altUp else { return streams }
    let width = hyperparameters.embeddingLength
    let first = streams.stream(0, width: width)
    var sum = first
    for stream in 1..<max(1, altUp.streamCount) {
      let output = try project(
        streams.stream(stream, width: width), .altUpOutput, nil, instance: stream - 1, to: width)
      sum.add(output.scaledToMagnitudes(of: first))
    }
    sum.multiply(by: 1 / Float(altUp.streamCount))
    return sum
  }

  /// Laurel: adds a low-rank branch of the input n of attention, `x ← (x + n + norm(R L n)) / √2`, if the model has one.
  mutating func addLaurel(_ input: Matrix, _ layer: Int) throws {
    guard let rank = hyperparameters.laurelRank else { return }
    let low = try project(input, .laurelLeft, layer, to: rank)
    let branch = try project(low, .laurelRight, layer, to: hyperparameters.embeddingLength)
    state.hidden.add(input)
    state.hidden.add(try normalize(branch, .laurelNorm, layer))
    state.hidden.multiply(by: Float(0.5.squareRoot()))
  }
}

extension Matrix {
  /// The matrices one after the other in each row; all have as many rows.
  fileprivate static func joining(_ parts: [Matrix]) -> Matrix {
    var result = Matrix(rowCount: parts[0].rowCount, columnCount: parts.reduce(0) { $0 + $1.columnCount })
    var start = 0
    for part in parts {
      result.copy(part, columns: 0..<part.columnCount, to: start)
      start += part.columnCount
    }
    return result
  }

  fileprivate func stream(_ index: Int, width: Int) -> Matrix { columns(index * width..<(index + 1) * width) }

  /// Each row times the ratio of the root mean square of that row in `other` to its own, which counts as at least `√10⁻⁵`.
  func scaledToMagnitudes(of other: Matrix) -> Matrix {
    func meanSquare(_ row: ArraySlice<Float>) -> Double {
      row.reduce(0) { $0 + Double($1) * Double($1) } / Double(row.count)
    }
    var result = self
    result.multiply { row in
      Float((meanSquare(other[row: row]) / max(meanSquare(self[row: row]), 1e-5)).squareRoot())
    }
    return result
  }
}

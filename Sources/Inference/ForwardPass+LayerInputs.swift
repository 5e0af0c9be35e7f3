import Architectures

// Gemma 3n and 4 give each layer an input of its own, made of the token and its embedding x [embedding]:
//
//     p = norm(P x / √embedding)          norm over the elements of each layer
//     i = (E[token] × √length + p) / √2   [layer × length]
//
// and after the feed-forward network of layer l
//
//     x ← x + norm(W (activation(G x) × i[l]))
//     x ← x × scale[l]
//
// With several residual streams, x on the right is the corrected active one, and the sum is of the others.

extension StackWeights {
  /// The inputs of all layers, `[position, layer × length]`; nil if the model has none.
  func layerInputs(of tokens: [Int], embeddings: Matrix, threads: Int) throws -> Matrix? {
    guard let length = hyperparameters.layerInputLength else { return nil }
    let width = hyperparameters.layerCount * length
    var inputs = try multiply(
      embeddings, .layerInputProjection, layer: nil, outputCount: width, threads: threads)
    inputs.multiply(by: Float(1 / Double(hyperparameters.embeddingLength).squareRoot()))
    inputs = normalize(
      inputs, groupLength: length, weights: try vector(.layerInputNorm, layer: nil, count: length), bias: nil)
    let rowCount = hyperparameters.layerInputVocabularySize ?? .max
    var own = try rows(tokens.map { $0 < rowCount ? $0 : 0 }, of: .layerTokenEmbedding, width: width)
    own.multiply(by: Float(Double(length).squareRoot()))
    inputs.add(own)
    inputs.multiply(by: Float(0.5.squareRoot()))
    return inputs
  }
}

extension ForwardPass {
  /// Adds the layer's own input to the hidden state, and scales it, if the model does so.
  ///
  /// - Parameter predictions: those of all residual streams, if there are several.
  mutating func finish(_ layer: Int, _ predictions: Matrix?) throws {
    if let predictions, let altUp = hyperparameters.altUp {
      try correctStreams(predictions, altUp, layer)
    } else if let addend = try layerInputAddend(hidden, layer) {
      state.hidden.add(addend)
    }
    if let scale = try weights.optionalVector(.layerScale, layer: layer, count: 1) {
      state.hidden.multiply(by: scale[0])
    }
  }

  /// `norm(W (activation(G x) × i))` of the layer's own input i; nil if it has none.
  func layerInputAddend(_ x: Matrix, _ layer: Int) throws -> Matrix? {
    guard let layerInputs, let length = hyperparameters.layerInputLength else { return nil }
    let gate = try project(x, .layerInputGate, layer, to: length)
    let input = layerInputs.columns(layer * length..<(layer + 1) * length)
    let output = try project(
      gate.gating(input, by: hyperparameters.features.activation), .layerInputOutput, layer,
      to: hyperparameters.embeddingLength)
    return try normalize(output, .layerInputPostNorm, layer)
  }

  /// The input of a router with a scale: `norm(x) × scale / √embedding`, where the norm has no weights.
  func routerInput(_ x: Matrix, _ layer: Int) throws -> Matrix? {
    let count = x.columnCount
    guard let scale = try weights.optionalVector(.routerScale, layer: layer, count: count) else { return nil }
    var input = weights.normalize(x, groupLength: count, weights: scale, bias: nil, weightOffset: 0)
    input.multiply(by: Float(1 / Double(count).squareRoot()))
    return input
  }

  /// Normalizes one of two outputs or inputs that are added, if the model has a norm for it.
  func normalizeBranch(_ x: Matrix, _ role: TensorRole, _ layer: Int) throws -> Matrix {
    weights.contains(role, layer: layer) ? try normalize(x, role, layer) : x
  }
}

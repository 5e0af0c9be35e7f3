import Architectures

// Gemma 4 gives each layer an input of its own, made of the token and its embedding x [embedding]:
//
//     p = norm(P x / √embedding)          norm over the elements of each layer
//     i = (E[token] × √length + p) / √2   [layer × length]
//
// and after the feed-forward network of layer l
//
//     x ← x + norm(W (activation(G x) × i[l]))
//     x ← x × scale[l]

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
    var own = try rows(tokens, of: .layerTokenEmbedding, width: width)
    own.multiply(by: Float(Double(length).squareRoot()))
    inputs.add(own)
    inputs.multiply(by: Float(0.5.squareRoot()))
    return inputs
  }
}

extension ForwardPass {
  /// Adds the layer's own input to the hidden state, and scales it, if the model does so.
  mutating func finish(_ layer: Int) throws {
    if let layerInputs, let length = hyperparameters.layerInputLength {
      let gate = try project(hidden, .layerInputGate, layer, to: length)
      let input = layerInputs.columns(layer * length..<(layer + 1) * length)
      let output = try project(
        gate.gating(input, by: hyperparameters.features.activation), .layerInputOutput, layer,
        to: hyperparameters.embeddingLength)
      state.hidden.add(try normalize(output, .layerInputPostNorm, layer))
    }
    if let scale = try weights.optionalVector(.layerScale, layer: layer, count: 1) {
      state.hidden.multiply(by: scale[0])
    }
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

import Architectures

extension StackWeights {
  /// The output matrix, or the token embedding if tied.
  var outputRole: TensorRole { hyperparameters.tiesEmbeddings ? .tokenEmbedding : .output }

  /// Checks that every required tensor exists.
  func requireTensors() throws(InferenceError) {
    try require(.tokenEmbedding)
    if stack == .encoder {
      try require(.outputNorm)
    } else if hyperparameters.features.output == .logits {
      // After a post-norm layer the hidden state is normalized already.
      if hyperparameters.features.residual != .postNorm { try require(.outputNorm) }
      try require(outputRole)
    } else if hyperparameters.features.output == .scores {
      try require(.classifierOutput)
    }
    if hyperparameters.tokenEmbeddingLength != hyperparameters.embeddingLength {
      try require(.embeddingProjection)
    }
    if hyperparameters.features.positions == .relative { try require(.relativeAttentionBias, 0) }
    if hyperparameters.layerInputLength != nil {
      for role in [TensorRole.layerTokenEmbedding, .layerInputProjection, .layerInputNorm] { try require(role) }
    }
    for stream in 0..<(hyperparameters.altUp?.streamCount ?? 1) - 1 {
      try require(.altUpEmbedding, nil, stream)
      try require(.altUpOutput, nil, stream)
    }
    for layer in 0..<hyperparameters.layerCount { try requireTensors(of: layer) }
  }

  private func requireTensors(of layer: Int) throws(InferenceError) {
    if hyperparameters.layerInputLength != nil {
      for role in [TensorRole.layerInputGate, .layerInputOutput, .layerInputPostNorm] { try require(role, layer) }
    }
    if let altUp = hyperparameters.altUp {
      for role in TensorRole.altUp + (altUp.scalesOutput ? [.altUpOutputScale] : []) { try require(role, layer) }
    }
    if hyperparameters.laurelRank != nil {
      for role in TensorRole.laurel { try require(role, layer) }
    }
    // A sublayer has a pre-norm, a post-norm, or both.
    // The first one's input may be normalized already.
    if !contains(.attentionPostNorm, layer: layer), layer > 0 || !contains(.tokenEmbeddingNorm, layer: nil) {
      try require(.attentionNorm, layer)
    }
    for role in attentionRoles(of: layer) { try require(role, layer) }
    if stack == .decoder {
      for role in [TensorRole.crossAttentionQuery, .crossAttentionKey, .crossAttentionValue, .crossAttentionOutput] {
        try require(role, layer)
      }
      if !contains(.crossAttentionPostNorm, layer: layer) { try require(.crossAttentionNorm, layer) }
    }
    if hyperparameters.features.residual != .parallel, !contains(.feedForwardPostNorm, layer: layer) {
      try require(.feedForwardNorm, layer)
    }
    if let experts = hyperparameters.experts, contains(.router, layer: layer) {
      for expert in 0..<experts.count {
        try require(.expertUp, layer, expert)
        try require(.expertDown, layer, expert)
      }
    } else {
      try require(.feedForwardUp, layer)
      try require(.feedForwardDown, layer)
    }
  }

  private func attentionRoles(of layer: Int) -> [TensorRole] {
    if hyperparameters.recurrence(of: layer) != nil { return TensorRole.recurrent }
    guard let latent = hyperparameters.latentAttention else {
      guard !hyperparameters.sharesKeyValues(layer) else { return [.attentionQuery, .attentionOutput] }
      let hasNoValues = hyperparameters.usesKeysAsValues && !hyperparameters.usesSlidingWindow(layer)
      return [.attentionQuery, .attentionKey, .attentionOutput] + (hasNoValues ? [] : [.attentionValue])
    }
    let query: [TensorRole] =
      latent.queryRank == nil ? [.attentionQuery] : [.attentionQueryA, .attentionQueryANorm, .attentionQueryB]
    return query + [
      .attentionKeyValueA, .attentionKeyValueANorm, .attentionKeyB, .attentionValueB, .attentionOutput,
    ]
  }

  private func require(_ role: TensorRole, _ layer: Int? = nil, _ instance: Int? = nil) throws(InferenceError) {
    guard contains(role, layer: layer, instance: instance) else { throw .missingTensor(role.of(stack), layer: layer) }
  }
}

import Architectures

extension ForwardPass {
  /// `x · wᵀ`, plus the bias if the model has one: `[position, in]` to `[position, outputCount]`.
  func project(_ x: Matrix, _ role: TensorRole, _ layer: Int?, instance: Int? = nil, to outputCount: Int) throws
    -> Matrix
  {
    try observeProduct?(x, role.of(state.stack), layer, instance)
    var y = try weights.multiply(x, role, layer: layer, instance: instance, outputCount: outputCount, threads: threads)
    if let bias = try weights.optionalVector(role.bias, layer: layer, instance: instance, count: outputCount) {
      y.add(toEachRow: bias)
    }
    return y
  }

  /// Normalizes every row with the weights `[embedding]` of `role`.
  func normalize(_ x: Matrix, _ role: TensorRole, _ layer: Int?, epsilon: Double? = nil) throws -> Matrix {
    try weights.normalize(x, role, layer, epsilon: epsilon)
  }

  /// The input of a sublayer: `x` normalized, if the model has a norm there.
  func normalizeInput(_ x: Matrix, _ norms: NormRoles, _ layer: Int) throws -> Matrix {
    guard hyperparameters.features.residual != .postNorm else { return x }
    var candidates = [norms.before]
    // Falcon's attention may have a norm of its own; in parallel layers one norm may serve both sublayers.
    if norms.before == .attentionNorm { candidates.insert(.attentionNorm2, at: 0) }
    if hyperparameters.features.residual == .parallel { candidates.append(.attentionNorm) }
    guard let role = candidates.first(where: { weights.contains($0, layer: layer) }) else { return x }
    return try normalize(x, role, layer)
  }

  /// The norms before and after a sublayer.
  struct NormRoles {
    let before: TensorRole, after: TensorRole
    static let attention = NormRoles(before: .attentionNorm, after: .attentionPostNorm)
    static let crossAttention = NormRoles(before: .crossAttentionNorm, after: .crossAttentionPostNorm)
    static let feedForward = NormRoles(before: .feedForwardNorm, after: .feedForwardPostNorm)
  }

  /// The tensors of a feed-forward network.
  struct FeedForwardRoles {
    let gate: TensorRole, up: TensorRole, down: TensorRole
    static let feedForward = FeedForwardRoles(gate: .feedForwardGate, up: .feedForwardUp, down: .feedForwardDown)
    static let expert = FeedForwardRoles(gate: .expertGate, up: .expertUp, down: .expertDown)
    static let sharedExpert = FeedForwardRoles(gate: .sharedExpertGate, up: .sharedExpertUp, down: .sharedExpertDown)
  }

  /// Computes a gated or non-gated feed-forward network.
  ///
  /// - Parameter gateCutoff: the standard deviations above the mean below which values of the gate are dropped.
  func network(
    _ x: Matrix, _ roles: FeedForwardRoles, _ layer: Int, instance: Int? = nil, innerLength: Int,
    gateCutoff: Double? = nil
  ) throws -> Matrix {
    let activation = hyperparameters.features.activation
    var inner = try project(x, roles.up, layer, instance: instance, to: innerLength)
    if weights.contains(roles.gate, layer: layer, instance: instance) {
      var gate = try project(x, roles.gate, layer, instance: instance, to: innerLength)
      if let gateCutoff { gate.cut(below: gateCutoff) }
      inner = gate.gating(inner, by: activation, threads: threads)
    } else {
      inner = inner.activated(by: activation, threads: threads)
    }
    return try project(inner, roles.down, layer, instance: instance, to: hyperparameters.embeddingLength)
  }
}

extension StackWeights {
  /// Normalizes groups of every row, the whole row if `groupLength` is nil, with the weights of `role`.
  func normalize(_ x: Matrix, _ role: TensorRole, _ layer: Int?, epsilon: Double? = nil) throws -> Matrix {
    let weights = try vector(role, layer: layer, count: x.columnCount)
    let bias = try optionalVector(role.bias, layer: layer, count: x.columnCount)
    return normalize(x, groupLength: x.columnCount, weights: weights, bias: bias, epsilon: epsilon)
  }

  /// Normalizes groups of every row by the norm of the architecture.
  func normalize(
    _ x: Matrix, groupLength: Int, weights: [Float], bias: [Float]?, epsilon: Double? = nil,
    weightOffset: Float? = nil
  ) -> Matrix {
    let features = hyperparameters.features
    let norm = Normalization(kind: features.norm, epsilon: epsilon ?? hyperparameters.normEpsilon)
    let offset = weightOffset ?? Float(features.normWeightOffset)
    return norm.normalize(
      x, groupLength: groupLength, weights: offset == 0 ? weights : weights.map { offset + $0 }, bias: bias)
  }
}

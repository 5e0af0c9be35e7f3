import Architectures

extension ForwardPass {
  /// Computes queries, keys and values, with QK-norm and RoPE where the model has them.
  ///
  ///     q [position, head × dimension]     k and v [position, key-value head × dimension]
  func heads(_ x: Matrix, _ layer: Int) throws -> (query: Matrix, key: Matrix, value: Matrix) {
    if let latent = hyperparameters.latentAttention { return try latentHeads(x, latent, layer) }
    let numbers = hyperparameters.at(layer), dimension = numbers.headDimension
    let keyLength = numbers.keyValueHeadCount * dimension
    var query = try project(x, .attentionQuery, layer, to: numbers.headCount * dimension)
    let normalizesFirst = !hyperparameters.features.normalizesRotated
    if normalizesFirst { query = try normalizeHeads(query, .attentionQueryNorm, layer) }
    if hyperparameters.sharesKeyValues(layer) {
      guard let shared = state.keyValues[hyperparameters.usesSlidingWindow(layer)] else {
        throw InferenceError.missingKeyValues(layer: layer)
      }
      rotations.table(of: layer, hyperparameters)?
        .rotate(&query, headDimension: dimension, firstPosition: firstPosition)
      if !normalizesFirst { query = try normalizeHeads(query, .attentionQueryNorm, layer) }
      return (query, shared.key, shared.value)
    }
    var key = try project(x, .attentionKey, layer, to: keyLength)
    // Without a matrix of their own, values are the keys before norm and rotation.
    var value =
      hyperparameters.usesKeysAsValues && !weights.contains(.attentionValue, layer: layer)
      ? key : try project(x, .attentionValue, layer, to: keyLength)
    if normalizesFirst { key = try normalizeHeads(key, .attentionKeyNorm, layer) }
    if hyperparameters.features.normalizesValues {
      value = weights.normalize(
        value, groupLength: dimension, weights: [Float](repeating: 1, count: dimension), bias: nil, weightOffset: 0)
    }
    if let limit = hyperparameters.scales.projectionLimit.map({ Float($0) }) {
      query.clamp(to: limit)
      key.clamp(to: limit)
      value.clamp(to: limit)
    }
    if let rotary = rotations.table(of: layer, hyperparameters) {
      rotary.rotate(&query, headDimension: dimension, firstPosition: firstPosition)
      rotary.rotate(&key, headDimension: dimension, firstPosition: firstPosition)
    }
    if !normalizesFirst {
      query = try normalizeHeads(query, .attentionQueryNorm, layer)
      key = try normalizeHeads(key, .attentionKeyNorm, layer)
    }
    if let temperature = hyperparameters.queryTemperature {
      query.multiply { Float(temperature.factor(at: firstPosition + $0)) }
    }
    return (query, key, value)
  }

  /// Computes the queries of a decoder layer, and keys and values of the encoder output.
  ///
  ///     q [position, head × dimension]     k and v [text position, key-value head × dimension]
  func crossHeads(
    _ x: Matrix, _ encoderOutput: Matrix, _ layer: Int
  ) throws -> (query: Matrix, key: Matrix, value: Matrix) {
    let dimension = hyperparameters.headDimension
    let keyLength = hyperparameters.keyValueHeadCount * dimension
    return (
      try project(x, .crossAttentionQuery, layer, to: hyperparameters.headCount * dimension),
      try project(encoderOutput, .crossAttentionKey, layer, to: keyLength),
      try project(encoderOutput, .crossAttentionValue, layer, to: keyLength)
    )
  }

  /// Applies QK-norm if the model has it: over all heads together, or over each.
  ///
  /// The weights of single heads are one vector for all, a matrix with a row for each, or a tensor for each.
  private func normalizeHeads(_ x: Matrix, _ role: TensorRole, _ layer: Int) throws -> Matrix {
    let dimension = hyperparameters.at(layer).headDimension, headCount = x.columnCount / dimension
    if weights.contains(role, layer: layer, instance: 0) {
      let instances = try (0..<headCount).map { try weights.vector(role, layer: layer, instance: $0, count: dimension) }
      return weights.normalize(x, groupLength: dimension, weights: Array(instances.joined()), bias: nil)
    }
    guard weights.contains(role, layer: layer) else { return x }
    switch hyperparameters.features.queryKeyNorm {
    case .allHeads: return try normalize(x, role, layer)
    case .eachHead:
      let rows = try weights.vector(role, layer: layer, count: dimension, rowCount: headCount)
      return weights.normalize(x, groupLength: dimension, weights: rows, bias: nil)
    case .head:
      let shared = try weights.vector(role, layer: layer, count: dimension)
      let bias = try weights.optionalVector(role.bias, layer: layer, count: dimension)
        .map { Array(repeatElement($0, count: headCount).joined()) }
      return weights.normalize(x, groupLength: dimension, weights: shared, bias: bias)
    }
  }

  /// Computes DeepSeek's latent attention: queries, keys and values through low-rank vectors.
  ///
  ///     q = B_q norm(A_q x)               head: unrotated │ rotated
  ///     (c, r) = A_kv x                   c [position, key-value rank], r [position, rotated]: one for all heads
  ///     k = B_k norm(c) │ rotated r       v = B_v norm(c)
  private func latentHeads(
    _ x: Matrix, _ latent: Hyperparameters.LatentAttention, _ layer: Int
  ) throws -> (query: Matrix, key: Matrix, value: Matrix) {
    let headCount = hyperparameters.headCount, dimension = hyperparameters.keyDimension
    let rotated = hyperparameters.rotary.dimensionCount, unrotated = latent.unrotatedDimension
    var query: Matrix
    if let rank = latent.queryRank {
      let low = try normalize(
        project(x, .attentionQueryA, layer, to: rank), .attentionQueryANorm, layer, epsilon: latent.normEpsilon)
      query = try project(low, .attentionQueryB, layer, to: headCount * dimension)
    } else {
      query = try project(x, .attentionQuery, layer, to: headCount * dimension)
    }
    let low = try project(x, .attentionKeyValueA, layer, to: latent.keyValueRank + rotated)
    let content = try normalize(
      low.columns(0..<latent.keyValueRank), .attentionKeyValueANorm, layer, epsilon: latent.normEpsilon)
    var rotatedKey = low.columns(latent.keyValueRank..<latent.keyValueRank + rotated)
    if let rotary = rotations.table(of: layer, hyperparameters) {
      rotary.rotate(&query, headDimension: dimension, start: unrotated, firstPosition: firstPosition)
      rotary.rotate(&rotatedKey, headDimension: rotated, firstPosition: firstPosition)
    }
    let plain = try project(content, .attentionKeyB, layer, to: headCount * unrotated)
    let value = try project(content, .attentionValueB, layer, to: headCount * latent.valueDimension)
    var key = Matrix(rowCount: x.rowCount, columnCount: headCount * dimension)
    for head in 0..<headCount {
      key.copy(plain, columns: head * unrotated..<(head + 1) * unrotated, to: head * dimension)
      key.copy(rotatedKey, columns: 0..<rotated, to: head * dimension + unrotated)
    }
    return (query, key, value)
  }
}

/// The rotary tables of a model: one for all layers, or a second for those with a sliding window.
struct RotaryTables: Sendable {
  private let global: RotaryTable?, local: RotaryTable?
  private let distant: DistantRotations?

  init(_ hyperparameters: Hyperparameters, positionCount: Int) throws(InferenceError) {
    let features = hyperparameters.features
    guard features.positions == .rotary else {
      global = nil
      local = nil
      distant = nil
      return
    }
    let rotary = hyperparameters.rotary
    let frequencies = try RotaryFrequencies(rotary, positionCount: positionCount)
    global = RotaryTable(frequencies, pairs: features.rotaryPairs, positionCount: positionCount)
    if case .piecewise(let piecewise) = rotary.scaling, positionCount > piecewise.threshold {
      distant = DistantRotations(
        piecewise, frequencies, pairs: features.rotaryPairs, positionCount: positionCount)
    } else {
      distant = nil
    }
    guard let base = hyperparameters.localRotaryBase else {
      local = nil
      return
    }
    let unscaled = RotaryEmbedding(
      base: base, dimensionCount: hyperparameters.localRotaryDimensionCount ?? hyperparameters.rotary.dimensionCount)
    local = try RotaryTable(unscaled, pairs: features.rotaryPairs, positionCount: positionCount)
  }

  /// The table of `layer`; nil if the layer has no RoPE.
  func table(of layer: Int, _ hyperparameters: Hyperparameters) -> RotaryTable? {
    guard hyperparameters.rotates(layer) else { return nil }
    return hyperparameters.isLocal(layer) ? local : global
  }

  /// The queries and keys between distant positions; nil if the layer has one rotation for all distances.
  ///
  /// - Parameter firstPosition: the position of the first query; keys begin at 0.
  func distantHeads(
    query: Matrix, firstPosition: Int, key: Matrix, layer: Int, _ hyperparameters: Hyperparameters
  ) -> DistantHeads? {
    guard let distant, hyperparameters.rotates(layer), !hyperparameters.isLocal(layer) else { return nil }
    return distant.heads(
      query: query, firstPosition: firstPosition, key: key, headDimension: hyperparameters.at(layer).keyDimension,
      start: hyperparameters.latentAttention?.unrotatedDimension ?? 0)
  }
}

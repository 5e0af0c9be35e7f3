import Architectures

extension ForwardPass {
  /// Computes all layers of all stacks; `observe` receives the layer index and the output of each sublayer.
  public mutating func run(observe: (_ layer: Int, Sublayer, Matrix) throws -> Void = { _, _, _ in }) throws {
    repeat {
      for layer in 0..<hyperparameters.layerCount {
        try step(layer: layer) { try observe(layer, $0, $1) }
      }
    } while try advanceToDecoder()
  }

  /// The logits `[position, vocabulary]` of `positions` (all, if nil), after the last layer.
  ///
  /// Asking for a few positions at a time bounds the memory; the output matrix is then read once for each call. The values
  /// are the same.
  public func logits(positions: Range<Int>? = nil) throws -> Matrix {
    guard hyperparameters.features.output == .logits, state.stack != .encoder else {
      throw InferenceError.hasNo(output: "logits")
    }
    let chosen = (positions ?? 0..<tokens.count).clamped(to: 0..<tokens.count)
    let (count, overflow) = chosen.count.multipliedReportingOverflow(by: hyperparameters.vocabularySize)
    guard !overflow, count <= Hyperparameters.greatestActivationCount else {
      throw InferenceError.tooLarge(name: "logits")
    }
    // hidden [position, embedding] · output [vocabulary, embedding]ᵀ
    var final = try normalizedFinal(hidden.rows(chosen))
    if weights.contains(.outputProjection, layer: nil) {
      final = try project(final, .outputProjection, nil, to: hyperparameters.tokenEmbeddingLength)
    }
    try observeProduct?(final, weights.outputRole.of(state.stack), nil, nil)
    var logits = try weights.multiply(
      final, weights.outputRole, layer: nil, outputCount: hyperparameters.vocabularySize, threads: threads)
    if let bias = try weights.optionalVector(
      TensorRole.output.bias, layer: nil, count: hyperparameters.vocabularySize)
    {
      logits.add(toEachRow: bias)
    }
    let scales = hyperparameters.scales
    if let scale = scales.logit { logits.multiply(by: Float(scale)) }
    if let divisor = scales.logitDivisor { logits.multiply(by: 1 / Float(divisor)) }
    if let cap = scales.logitSoftcap { logits.cap(at: Float(cap)) }
    return logits
  }

  /// The logits `[position, vocabulary]` of a whole pass over `tokens`.
  public static func logits(
    _ weights: any WeightSource, tokens: [Int], decoderTokens: [Int]? = nil, threads: Int
  ) throws -> Matrix {
    var pass = try ForwardPass(weights, tokens: tokens, decoderTokens: decoderTokens, threads: threads)
    try pass.run()
    return try pass.logits()
  }
}

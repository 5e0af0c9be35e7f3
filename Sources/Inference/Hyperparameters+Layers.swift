import Architectures

/// Values that follow from the hyperparameters for a layer.
extension Hyperparameters {
  /// Elements of a head of queries and keys.
  var keyDimension: Int {
    latentAttention.map { $0.unrotatedDimension + rotary.dimensionCount } ?? headDimension
  }

  /// Whether a computed text can be extended: no earlier position depends on a later one.
  public var canExtend: Bool { decoder == nil && features.mask == .causal && features.output == .logits }

  /// The factor on the attention scores of `layer`.
  ///
  /// DeepSeek's YaRN multiplies them by the square of its magnitude, in addition to scaling cosine and sine.
  func attentionScale(of layer: Int) -> Float {
    var scale = scales.attention ?? 1 / Double(keyDimension).squareRoot()
    if latentAttention != nil, case .yarn(let yarn) = rotary.scaling, let multiplier = yarn.mscaleAllDimensions {
      scale *= yarn.magnitude(multiplier) * yarn.magnitude(multiplier)
    }
    if scales.dividesAttentionByLayer { scale /= Double(layer + 1) }
    return Float(scale)
  }

  /// The number of positions that a query of `layer` attends to, itself included; nil for all.
  func window(of layer: Int) -> Int? {
    usesSlidingWindow(layer) ? slidingWindow : nil
  }

  /// The recurrence of `layer`; nil if it has attention.
  func recurrence(of layer: Int) -> Recurrence? {
    guard let recurrence, recurrence.layers[layer] else { return nil }
    return recurrence
  }

  /// Whether `layer` applies RoPE.
  func rotates(_ layer: Int) -> Bool {
    features.positions == .rotary && rotatedLayers?[layer] ?? true
  }

  /// Whether `layer` has the RoPE base of layers with a sliding window.
  func isLocal(_ layer: Int) -> Bool { localRotaryBase != nil && usesSlidingWindow(layer) }
}

import Architectures

/// What follows from the numbers for the parts of a layer.
extension Hyperparameters {
  /// Elements of a head of queries and keys.
  var keyDimension: Int {
    latentAttention.map { $0.unrotatedDimension + rotary.dimensionCount } ?? headDimension
  }

  /// Multiplies the scores of attention in `layer`.
  ///
  /// DeepSeek's YaRN sharpens them by the square of its magnitude, besides what it does to cosine and sine.
  func attentionScale(of layer: Int) -> Float {
    var scale = scales.attention ?? 1 / Double(keyDimension).squareRoot()
    if latentAttention != nil, case .yarn(let yarn) = rotary.scaling, let multiplier = yarn.mscaleAllDimensions {
      scale *= yarn.magnitude(multiplier) * yarn.magnitude(multiplier)
    }
    if scales.dividesAttentionByLayer { scale /= Double(layer + 1) }
    return Float(scale)
  }

  /// Positions that a query of `layer` sees, itself included; nil for all.
  func window(of layer: Int) -> Int? {
    usesSlidingWindow(layer) ? slidingWindow : nil
  }

  /// Whether `layer` rotates its queries and keys.
  func rotates(_ layer: Int) -> Bool {
    features.positions == .rotary && rotatedLayers?[layer] ?? true
  }

  /// Whether `layer` has the rotary base of layers with a window.
  func isLocal(_ layer: Int) -> Bool { localRotaryBase != nil && usesSlidingWindow(layer) }

  private func usesSlidingWindow(_ layer: Int) -> Bool { slidingWindow != nil && windowedLayers?[layer] ?? true }
}

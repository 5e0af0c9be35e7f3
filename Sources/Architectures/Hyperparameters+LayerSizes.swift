extension Hyperparameters {
  /// Sizes with an element for each layer; nil for those that are the same in all.
  public struct LayerSizes: Sendable, Hashable {
    /// Elements of a head.
    public var headDimensions: [Int]?
    /// Heads of keys and values.
    public var keyValueHeadCounts: [Int]?
    /// The inner width of the feed-forward network.
    public var feedForwardLengths: [Int]?

    public init() {}
  }

  /// The hyperparameters with the sizes of one layer.
  public func at(_ layer: Int) -> Hyperparameters {
    var numbers = self
    if let sizes = byLayer.headDimensions { numbers.headDimension = sizes[layer] }
    if let sizes = byLayer.keyValueHeadCounts { numbers.keyValueHeadCount = sizes[layer] }
    if let sizes = byLayer.feedForwardLengths { numbers.feedForwardLength = sizes[layer] }
    return numbers
  }

  /// Whether `layer` has a sliding window.
  public func usesSlidingWindow(_ layer: Int) -> Bool { slidingWindow != nil && windowedLayers?[layer] ?? true }

  /// The layer whose keys and values `layer` uses: the last one before the sharing layers with a window, if `layer` has
  /// one, or else without; nil for its own.
  public func keyValueSource(of layer: Int) -> Int? {
    guard sharesKeyValues(layer) else { return nil }
    return (0..<firstSharingLayer).last { usesSlidingWindow($0) == usesSlidingWindow(layer) }
  }

  /// Whether `layer` uses keys and values of an earlier layer.
  public func sharesKeyValues(_ layer: Int) -> Bool { layer >= firstSharingLayer }

  private var firstSharingLayer: Int { max(0, layerCount - (sharedKeyValueLayerCount ?? 0)) }

  /// Checks that the layers agree on what they share, and the divisors of each.
  func validateLayers() throws(HyperparameterError) {
    // One search for each type: a file may state any number of layers.
    let sources = [true, false].map { isWindowed in
      (0..<firstSharingLayer).last { usesSlidingWindow($0) == isWindowed }
    }
    for layer in 0..<layerCount {
      let numbers = at(layer)
      guard numbers.headCount % numbers.keyValueHeadCount == 0 else {
        throw .notDivisible("head_count", numbers.headCount, by: "key_value_head_count", numbers.keyValueHeadCount)
      }
      guard sharesKeyValues(layer) else { continue }
      guard let source = sources[usesSlidingWindow(layer) ? 0 : 1] else { throw .sharesNothing(layer: layer) }
      let other = at(source)
      guard other.headDimension == numbers.headDimension, other.keyValueHeadCount == numbers.keyValueHeadCount else {
        throw .sharesOtherHeads(layer: layer, source: source)
      }
    }
  }
}

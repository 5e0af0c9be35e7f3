import Architectures
import Tensors

/// The memory that llama.cpp takes for the keys, values and recurrent states of one sequence.
///
/// As `llama_kv_cache`, `llama_kv_cache_iswa` and `llama_memory_recurrent` of llama.cpp allocate it with default options:
/// keys and values are F16, states F32.
///
///     keys and values = 2 bytes × cells × Σ over layers with a cache of (key elements + value elements)
///     states          = 4 bytes × Σ over recurrent layers of ((convolution width - 1) × columns + key × value elements)
///
/// - The cells are the tokens of the context, rounded up to a multiple of 256.
/// - A layer with a sliding window has cells for the window and a batch of 512 tokens, if a GGUF states the window and
///   llama.cpp uses it.
/// - MLA has one row of `key-value rank + rotated elements` for a token and layer, and no values.
/// - Layers that use keys and values of an earlier layer have none of their own.
public struct KeyValueCache: Sendable, Hashable {
  /// Elements of keys and values for each token, summed over the layers that keep all tokens.
  public private(set) var elementsPerToken = 0
  /// The same of the layers that keep the tokens of a sliding window.
  public private(set) var windowedElementsPerToken = 0
  /// The tokens of the sliding window; 0 without windowed layers.
  public private(set) var slidingWindow = 0
  /// The bytes of recurrent states, which do not depend on the length of the text.
  public private(set) var stateByteCount = 0
  /// Layers with keys and values for all tokens, for a sliding window, of an earlier layer, and with a recurrent state.
  public private(set) var fullLayerCount = 0, windowedLayerCount = 0, sharingLayerCount = 0, recurrentLayerCount = 0
  /// Whether keys and values are cached as one low-rank row (MLA).
  public private(set) var isLatent = false

  /// Tokens that llama.cpp computes at once (`n_ubatch`), and the cells that counts are multiples of.
  private static let batchTokenCount = 512, cellMultiple = 256
  private static let bytesPerElement = 2, bytesPerStateElement = 4
  /// Layers that are looked at: a file may state any number.
  private static let maximumLayerCount = 1 << 16

  /// Returns the bytes for a context of `tokenCount` tokens; nil if they exceed an integer.
  public func byteCount(tokenCount: Int) -> Int? {
    guard let cells = Self.padded(tokenCount),
      let window = Self.padded(min(cells, Int(clamping: UInt(slidingWindow) + UInt(Self.batchTokenCount))))
    else { return nil }
    let full = cells.multipliedReportingOverflow(by: elementsPerToken)
    let windowed = window.multipliedReportingOverflow(by: windowedElementsPerToken)
    let elements = full.partialValue.addingReportingOverflow(windowed.partialValue)
    let bytes = elements.partialValue.multipliedReportingOverflow(by: Self.bytesPerElement)
    let sum = bytes.partialValue.addingReportingOverflow(stateByteCount)
    let overflows = full.overflow || windowed.overflow || elements.overflow || bytes.overflow || sum.overflow
    return overflows ? nil : sum.partialValue
  }

  private static func padded(_ count: Int) -> Int? {
    let (sum, overflow) = count.addingReportingOverflow(cellMultiple - 1)
    return overflow ? nil : sum / cellMultiple * cellMultiple
  }
}

extension KeyValueCache {
  /// What llama.cpp allocates beyond hyperparameters.
  public struct Conventions: Sendable {
    /// Whether the layers with a sliding window keep only the tokens of the window.
    public var limitsWindowedLayers: Bool
    /// Whether MLA caches the low-rank row; GGUFs of before 2025 have keys and values of all heads.
    public var cachesLatentRow: Bool

    public init(limitsWindowedLayers: Bool, cachesLatentRow: Bool) {
      self.limitsWindowedLayers = limitsWindowedLayers
      self.cachesLatentRow = cachesLatentRow
    }
  }

  /// The cache of a model; nil for encoders, which have none, and for sizes beyond an integer.
  public init?(_ numbers: Hyperparameters, _ conventions: Conventions) {
    guard numbers.features.output == .logits, numbers.features.mask == .causal || numbers.decoder != nil,
      numbers.layerCount <= Self.maximumLayerCount
    else { return nil }
    isLatent = numbers.latentAttention != nil && conventions.cachesLatentRow
    for layer in 0..<numbers.layerCount {
      if let recurrence = numbers.recurrence, layer < recurrence.layers.count, recurrence.layers[layer] {
        recurrentLayerCount += 1
        guard let count = Self.stateElementCount(recurrence),
          let bytes = Self.sum(stateByteCount, product: count, Self.bytesPerStateElement)
        else { return nil }
        stateByteCount = bytes
      } else if numbers.sharesKeyValues(layer) {
        sharingLayerCount += 1
      } else {
        let isWindowed = conventions.limitsWindowedLayers && numbers.usesSlidingWindow(layer)
        guard let count = Self.elementCount(numbers.at(layer), isLatent: isLatent),
          let sum = Self.sum(isWindowed ? windowedElementsPerToken : elementsPerToken, product: count, 1)
        else { return nil }
        if isWindowed {
          windowedElementsPerToken = sum
          windowedLayerCount += 1
        } else {
          elementsPerToken = sum
          fullLayerCount += 1
        }
      }
    }
    if windowedLayerCount > 0 { slidingWindow = numbers.slidingWindow ?? 0 }
  }

  /// A cache of equal layers without a window.
  public init?(layerCount: Int, elementsPerLayer: Int) {
    guard let sum = Self.sum(0, product: layerCount, elementsPerLayer) else { return nil }
    elementsPerToken = sum
    fullLayerCount = layerCount
  }

  /// Elements of keys and values of one token in a layer.
  private static func elementCount(_ layer: Hyperparameters, isLatent: Bool) -> Int? {
    guard let latent = layer.latentAttention else {
      return sum(0, product: layer.keyValueHeadCount, layer.headDimension).flatMap { sum(0, product: $0, 2) }
    }
    if isLatent { return sum(latent.keyValueRank, product: layer.rotary.dimensionCount, 1) }
    return sum(latent.valueDimension, product: layer.headDimension, 1).flatMap {
      sum(0, product: $0, layer.headCount)
    }
  }

  /// Elements of the state of a recurrent layer: the last columns of the convolution, and a matrix for each head.
  private static func stateElementCount(_ recurrence: Hyperparameters.Recurrence) -> Int? {
    guard let keys = sum(0, product: recurrence.keyHeadCount, recurrence.keyDimension),
      let values = sum(0, product: recurrence.valueHeadCount, recurrence.valueDimension),
      let columns = sum(values, product: keys, 2),
      let matrices = sum(0, product: values, recurrence.keyDimension)
    else { return nil }
    return sum(matrices, product: columns, recurrence.convolutionWidth - 1)
  }

  /// `sum + first × second`; nil on overflow.
  private static func sum(_ sum: Int, product first: Int, _ second: Int) -> Int? {
    let product = first.multipliedReportingOverflow(by: second)
    let total = sum.addingReportingOverflow(product.partialValue)
    return product.overflow || total.overflow ? nil : total.partialValue
  }
}

extension KeyValueCache.Conventions {
  /// Architectures of which llama.cpp uses the sliding window for models with so many layers only (`phi3.cpp`, `exaone4.cpp`).
  private static let windowedLayerCounts: [String: Set<Int>] = ["phi3": [], "exaone4": [64]]

  /// The conventions for a model of `definition`, whose GGUF metadata is `metadata`; nil if the GGUF is yet to be made.
  init(_ definition: ArchitectureDefinition, layerCount: Int, metadata: Metadata?) {
    let statesWindow = definition.ggufMetadata.contains {
      if case .pair(let key, _, _) = $0 { key.hasSuffix(".attention.sliding_window") } else { false }
    }
    self.init(
      limitsWindowedLayers: statesWindow
        && Self.windowedLayerCounts[definition.ggufArchitecture ?? ""]?.contains(layerCount) ?? true,
      cachesLatentRow: metadata.map { metadata in
        metadata.pairs.keys.contains { $0.text.hasSuffix(".attention.key_length_mla") }
      } ?? true)
  }
}

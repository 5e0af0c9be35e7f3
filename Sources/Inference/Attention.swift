import Architectures
import Bytes
import Synchronization

/// Grouped-query attention: `softmax(scale × q · kᵀ + bias) · v`, per head.
///
/// A head's sink is one more score of its softmax, without a value.
///
///     query  [position, head × key dimension]          head h reads key-value head h / (heads per key-value head)
///     key    [key position, key-value head × key dimension]
///     value  [key position, key-value head × value dimension]
///     result [position, head × value dimension]
struct Attention: Sendable {
  let headCount: Int
  let keyValueHeadCount: Int
  let keyDimension: Int
  let valueDimension: Int
  /// The factor on the attention scores.
  let scale: Float
  /// The soft cap of the scaled scores: `cap tanh(score / cap)`.
  let softcap: Float?
  /// The position bias of the scores.
  let bias: PositionBias?
  /// The sink of each head; nil for none.
  let sinks: [Float]?
  /// Whether a query attends only to positions up to its own.
  let isCausal: Bool
  /// The number of positions that a query attends to, itself included; nil for all.
  ///
  /// Without the causal mask, those up to `window / 2` away on either side (ModernBERT, EmbeddingGemma).
  let window: Int?

  /// The self-attention of one layer.
  init(_ hyperparameters: Hyperparameters, layer: Int, bias: PositionBias?, sinks: [Float]? = nil) {
    self.init(
      hyperparameters, layer: layer, bias: bias, sinks: sinks, isCausal: hyperparameters.features.mask == .causal,
      window: hyperparameters.window(of: layer))
  }

  /// The cross-attention of a decoder layer to the encoder output.
  init(toAnotherText hyperparameters: Hyperparameters, layer: Int) {
    self.init(hyperparameters, layer: layer, bias: nil, sinks: nil, isCausal: false, window: nil)
  }

  init(
    _ model: Hyperparameters, layer: Int, bias: PositionBias?, sinks: [Float]? = nil, isCausal: Bool, window: Int?
  ) {
    let hyperparameters = model.at(layer)
    headCount = hyperparameters.headCount
    let latent = hyperparameters.latentAttention
    keyValueHeadCount = latent == nil ? hyperparameters.keyValueHeadCount : headCount
    keyDimension = hyperparameters.keyDimension
    valueDimension = latent?.valueDimension ?? hyperparameters.headDimension
    scale = hyperparameters.attentionScale(of: layer)
    softcap = hyperparameters.scales.attentionSoftcap.map { Float($0) }
    self.bias = bias
    self.sinks = sinks
    self.isCausal = isCausal
    self.window = window
  }

  /// The number of queries that one thread processes at a time.
  static let blockHeight = 8 * PackedActivations.height

  /// Computes the result for all queries; heads and blocks of queries are split over threads.
  ///
  /// - Parameters:
  ///   - firstPosition: the position of the first query; keys begin at 0.
  ///   - distant: the queries and keys whose scores replace the others' between distant positions.
  func attend(
    query: Matrix, key: Matrix, value: Matrix, firstPosition: Int = 0, distant: DistantHeads? = nil, threads: Int
  ) throws -> Matrix {
    let queryCount = query.rowCount, keyCount = key.rowCount
    func packed(_ key: Matrix, head: Int) -> PackedWeights {
      var keys = PackedWeights()
      keys.pack(
        key.values, rowCount: keyCount, depth: keyDimension, start: head * keyDimension, stride: key.columnCount)
      return keys
    }
    let heads = (0..<keyValueHeadCount).map { head in
      var values = PackedWeights()
      values.pack(
        transposing: value.values, rowCount: valueDimension, depth: keyCount, start: head * valueDimension,
        stride: value.columnCount)
      return (keys: packed(key, head: head), distant: distant.map { packed($0.key, head: head) }, values: values)
    }
    let result = Mutex(Matrix(rowCount: queryCount, columnCount: headCount * valueDimension))
    let blockCount = (queryCount + Self.blockHeight - 1) / Self.blockHeight
    try Parallel.forEach(headCount * blockCount, threads: threads, state: Workspace.init) { workspace, index in
      let head = index / blockCount
      let start = index % blockCount * Self.blockHeight
      let queries = start..<min(start + Self.blockHeight, queryCount)
      let positions = firstPosition + queries.lowerBound..<firstPosition + queries.upperBound
      let panels = heads[head / (headCount / keyValueHeadCount)]
      let columns = head * keyDimension..<(head + 1) * keyDimension
      workspace.queries.pack(query, rows: queries, columns: columns)
      let chosen = visiblePanels(from: positions, keyCount: keyCount)
      workspace.scores.multiply(workspace.queries, panels.keys, chosen: chosen)
      if let distant, let keys = panels.distant {
        workspace.queries.pack(distant.query, rows: queries, columns: columns)
        workspace.distantScores.multiply(workspace.queries, keys, chosen: chosen)
        workspace.selectScores(from: positions, firstKey: chosen.lowerBound * PackedWeights.height, by: distant)
      }
      softmax(from: positions, head: head, keyCount: keyCount, in: &workspace)
      workspace.product.multiply(workspace.weights, panels.values)
      result.withLock { workspace.product.copy(to: &$0, row: start, column: head * valueDimension) }
    }
    return result.withLock { $0 }
  }

  /// The buffers that a thread reuses from block to block.
  private struct Workspace: Sendable {
    var queries = PackedActivations()
    var scores = PackedProduct()
    var distantScores = PackedProduct()
    /// The attention weights `[query, key]`.
    var weights = PackedActivations()
    var product = PackedProduct()

    /// Replaces the scores between distant positions.
    mutating func selectScores(from positions: Range<Int>, firstKey: Int, by distant: DistantHeads) {
      let panelCount = scores.panelCount
      for (row, position) in positions.enumerated() {
        for panel in 0..<panelCount {
          let index = row * panelCount + panel
          scores.vectors[index] = distant.select(
            scores.vectors[index], distantScores.vectors[index], query: position,
            firstKey: firstKey + panel * PackedWeights.height)
        }
      }
    }
  }

  /// Computes the weights of the queries at `positions`: `e^(score - greatest) / Σ e^(score - greatest)`, 0 for masked keys.
  ///
  /// Sixteen partial sums, one per lane, are added in double precision.
  private func softmax(from positions: Range<Int>, head: Int, keyCount: Int, in workspace: inout Workspace) {
    let height = PackedWeights.height
    let first = visiblePanels(from: positions, keyCount: keyCount).lowerBound
    let end = visibleKeys(from: positions.upperBound - 1, keyCount: keyCount).upperBound + 1
    workspace.weights.clear(rowCount: positions.count, depth: end)
    let panelCount = workspace.scores.panelCount

    for (row, position) in positions.enumerated() {
      let visible = visibleKeys(from: position, keyCount: keyCount)
      var greatest = SIMD16<Float>(repeating: -.infinity)
      for panel in 0..<panelCount {
        let firstKey = (first + panel) * height
        let scores = masked(
          score(
            workspace.scores.vectors[row * panelCount + panel], head: head, query: position,
            firstKey: firstKey), but: visible, firstKey)
        workspace.scores.vectors[row * panelCount + panel] = scores
        greatest = greatest.replacing(with: scores, where: scores .> greatest)
      }
      let sink = sinks?[head]
      let peak = max(greatest.max(), sink ?? -.infinity)
      let shift = SIMD16<Float>(repeating: peak)
      var sums = SIMD16<Float>()
      for panel in 0..<panelCount {
        let scores = workspace.scores.vectors[row * panelCount + panel] - shift
        let powers = SIMD16(lowHalf: Exponential.of(scores.lowHalf), highHalf: Exponential.of(scores.highHalf))
        workspace.scores.vectors[row * panelCount + panel] = powers
        sums += powers
      }
      var sum = sink.map { Double(Exponential.of($0 - peak)) } ?? 0
      for lane in 0..<height { sum += Double(sums[lane]) }
      let divisor = SIMD16<Float>(repeating: Float(sum))
      for panel in 0..<panelCount {
        workspace.weights.set(
          row: row, column: (first + panel) * height, workspace.scores.vectors[row * panelCount + panel] / divisor)
      }
    }
  }

  /// The positions that the query at `position` attends to.
  private func visibleKeys(from position: Int, keyCount: Int) -> ClosedRange<Int> {
    guard isCausal else {
      let reach = window.map { $0 / 2 } ?? keyCount
      return max(0, position - reach)...min(keyCount - 1, position + min(reach, keyCount))
    }
    return (window.map { max(0, position - $0 + 1) } ?? 0)...position
  }

  /// The panels of keys that the queries at `positions` attend to.
  private func visiblePanels(from positions: Range<Int>, keyCount: Int) -> Range<Int> {
    let height = PackedWeights.height
    let first = visibleKeys(from: positions.lowerBound, keyCount: keyCount).lowerBound
    let last = visibleKeys(from: positions.upperBound - 1, keyCount: keyCount).upperBound
    return first / height..<last / height + 1
  }

  /// The scaled scores of the keys from `firstKey` on, with position bias and soft cap.
  @inline(__always)
  private func score(_ product: SIMD16<Float>, head: Int, query: Int, firstKey: Int) -> SIMD16<Float> {
    let scale = SIMD16(repeating: scale)
    let scores =
      bias?.apply(to: product, scale: scale, head: head, query: query, firstKey: firstKey) ?? product * scale
    guard let softcap else { return scores }
    let cap = SIMD16(repeating: softcap)
    let share = scores / cap
    return SIMD16(lowHalf: HyperbolicTangent.of(share.lowHalf), highHalf: HyperbolicTangent.of(share.highHalf)) * cap
  }

  /// The scores of the keys from `firstKey` on with those outside `visibleKeys` replaced by `-inf`.
  @inline(__always)
  private func masked(_ scores: SIMD16<Float>, but visibleKeys: ClosedRange<Int>, _ firstKey: Int) -> SIMD16<Float> {
    if firstKey >= visibleKeys.lowerBound, firstKey + PackedWeights.height - 1 <= visibleKeys.upperBound {
      return scores
    }
    var visible = scores
    for lane in 0..<PackedWeights.height where !visibleKeys.contains(firstKey + lane) { visible[lane] = -.infinity }
    return visible
  }
}

import Architectures
import Bytes
import Synchronization

/// Causal attention with grouped queries: `softmax(q · kᵀ / √dimension) · v`, per head.
///
///     query  [position, head × dimension]            head h reads key-value head h / (heads per key-value head)
///     key    [position, key-value head × dimension]
///     value  [position, key-value head × dimension]
///     result [position, head × dimension]
struct Attention: Sendable {
  let headCount: Int
  let keyValueHeadCount: Int
  let dimension: Int
  /// Positions that a query sees, itself included; nil for all up to its own.
  let window: Int?

  /// Queries that one thread takes at a time.
  static let blockHeight = 8 * Strips.height

  init(_ hyperparameters: Hyperparameters) {
    headCount = hyperparameters.headCount
    keyValueHeadCount = hyperparameters.keyValueHeadCount
    dimension = hyperparameters.headDimension
    window = hyperparameters.slidingWindow
  }

  /// Computes the result for all positions; heads and blocks of queries are split over threads.
  func attend(query: Matrix, key: Matrix, value: Matrix, threads: Int) throws -> Matrix {
    let positionCount = query.rowCount
    let heads = (0..<keyValueHeadCount).map { head in
      var keys = Panels(), values = Panels()
      let start = head * dimension
      keys.pack(
        key.values, rowCount: positionCount, depth: dimension, start: start, stride: key.columnCount)
      values.pack(
        transposing: value.values, rowCount: dimension, depth: positionCount, start: start, stride: value.columnCount)
      return (keys: keys, values: values)
    }
    let result = Mutex(Matrix(rowCount: positionCount, columnCount: query.columnCount))
    let blockCount = (positionCount + Self.blockHeight - 1) / Self.blockHeight
    try Parallel.forEach(headCount * blockCount, threads: threads, state: Workspace.init) { workspace, index in
      let head = index / blockCount
      let start = index % blockCount * Self.blockHeight
      let queries = start..<min(start + Self.blockHeight, positionCount)
      let panels = heads[head / (headCount / keyValueHeadCount)]
      workspace.queries.pack(query, rows: queries, columns: head * dimension..<(head + 1) * dimension)
      softmax(of: queries, keys: panels.keys, in: &workspace)
      workspace.product.multiply(workspace.weights, panels.values)
      result.withLock { workspace.product.copy(to: &$0, row: start, column: head * dimension) }
    }
    return result.withLock { $0 }
  }

  /// What a thread reuses from block to block.
  private struct Workspace: Sendable {
    var queries = Strips()
    var scores = PackedProduct()
    /// `[query, key]`: how much of each value a query takes.
    var weights = Strips()
    var product = PackedProduct()
  }

  /// Computes the weights of a block of queries: `e^(score - greatest) / Σ e^(score - greatest)`, 0 for hidden keys.
  ///
  /// Sixteen partial sums, one per lane, are added in double precision.
  private func softmax(of queries: Range<Int>, keys: Panels, in workspace: inout Workspace) {
    let height = Panels.height
    let first = firstKey(of: queries.lowerBound) / height
    workspace.scores.multiply(
      workspace.queries, keys, chosen: first..<(queries.upperBound + height - 1) / height)
    workspace.weights.clear(rowCount: queries.count, depth: queries.upperBound)
    let scale = SIMD16<Float>(repeating: 1 / Float(dimension).squareRoot())
    let panelCount = workspace.scores.panelCount

    for (row, position) in queries.enumerated() {
      let seen = firstKey(of: position)...position
      var greatest = SIMD16<Float>(repeating: -.infinity)
      for panel in 0..<panelCount {
        let scores = hiding(
          workspace.scores.vectors[row * panelCount + panel] * scale, but: seen, (first + panel) * height)
        workspace.scores.vectors[row * panelCount + panel] = scores
        greatest = greatest.replacing(with: scores, where: scores .> greatest)
      }
      let shift = SIMD16<Float>(repeating: greatest.max())
      var sums = SIMD16<Float>()
      for panel in 0..<panelCount {
        let scores = workspace.scores.vectors[row * panelCount + panel] - shift
        let powers = SIMD16(lowHalf: Exponential.of(scores.lowHalf), highHalf: Exponential.of(scores.highHalf))
        workspace.scores.vectors[row * panelCount + panel] = powers
        sums += powers
      }
      var sum = 0.0
      for lane in 0..<height { sum += Double(sums[lane]) }
      let divisor = SIMD16<Float>(repeating: Float(sum))
      for panel in 0..<panelCount {
        workspace.weights.set(
          row: row, column: (first + panel) * height, workspace.scores.vectors[row * panelCount + panel] / divisor)
      }
    }
  }

  /// The first position that the query at `position` sees.
  private func firstKey(of position: Int) -> Int {
    window.map { max(0, position - $0 + 1) } ?? 0
  }

  /// The scores of the keys from `firstKey` on with those outside `seen` replaced by `-inf`.
  @inline(__always)
  private func hiding(_ scores: SIMD16<Float>, but seen: ClosedRange<Int>, _ firstKey: Int) -> SIMD16<Float> {
    if firstKey >= seen.lowerBound, firstKey + Panels.height - 1 <= seen.upperBound { return scores }
    var visible = scores
    for lane in 0..<Panels.height where !seen.contains(firstKey + lane) { visible[lane] = -.infinity }
    return visible
  }
}

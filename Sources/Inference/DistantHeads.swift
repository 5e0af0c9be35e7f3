import Architectures

/// Queries and keys in the rotation that counts between distant positions, for piecewise attention (NLPE).
///
/// The score of query `m` and key `n` is `q' · k'` of these if `m - n ≥ threshold`, and `q · k` of the plain ones below, as in
/// FlagAttention's `piecewise_attention`.
struct DistantHeads: Sendable {
  /// The distance in positions from which these count.
  let threshold: Int
  /// `[position, head × key dimension]`
  let query: Matrix
  /// `[position, key-value head × key dimension]`
  let key: Matrix

  /// Selects between the scores of 16 keys from `firstKey` on.
  @inline(__always)
  func select(_ near: SIMD16<Float>, _ far: SIMD16<Float>, query position: Int, firstKey: Int) -> SIMD16<Float> {
    let lastDistantKey = position - threshold
    guard lastDistantKey >= firstKey else { return near }
    guard lastDistantKey < firstKey + SIMD16<Float>.scalarCount - 1 else { return far }
    var scores = near
    for lane in 0...lastDistantKey - firstKey { scores[lane] = far[lane] }
    return scores
  }
}

/// The rotations that turn queries and keys with plain positions into `DistantHeads`.
///
///     query   from m to threshold + (m - threshold) / factor
///     key     from n to n / factor
///
/// Without a factor, distances beyond the threshold do not count: every query is at the threshold, every key at 0.
struct DistantRotations: Sendable {
  private let threshold: Int
  private let queries: RotaryTable, keys: RotaryTable

  init(
    _ piecewise: RotaryScaling.Piecewise, _ frequencies: RotaryFrequencies, pairs: ForwardPassFeatures.RotaryPairs,
    positionCount: Int
  ) {
    threshold = piecewise.threshold
    let share = piecewise.factor.map { 1 / $0 } ?? 0, start = Double(piecewise.threshold) * (1 - share)
    func table(from start: Double) -> RotaryTable {
      RotaryTable(
        frequencies, pairs: pairs, positions: (0..<positionCount).map { Float(start + Double($0) * share) },
        isFromPlain: true)
    }
    queries = table(from: start)
    keys = table(from: 0)
  }

  /// Rotates further what has its plain rotation, from element `start` of each head on.
  func heads(query: Matrix, firstPosition: Int, key: Matrix, headDimension: Int, start: Int) -> DistantHeads {
    var query = query, key = key
    queries.rotate(&query, headDimension: headDimension, start: start, firstPosition: firstPosition)
    keys.rotate(&key, headDimension: headDimension, start: start)
    return DistantHeads(threshold: threshold, query: query, key: key)
  }
}

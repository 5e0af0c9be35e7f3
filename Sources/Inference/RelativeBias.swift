import Architectures
import Tensors

/// T5's biases: a value for each head and each bucket of distances between query and key.
///
///     distance   0  1  …  exact-1 │ exact  …  wider and wider  …  limit  …      n buckets for a side, exact = n / 2
///     bucket     0  1  …  exact-1 │ exact + ⌊ln(distance / exact) / ln(limit / exact) × (n - exact)⌋, at most n - 1
///
/// If queries attend to both sides, each side has half of the buckets; later keys have the second half.
struct RelativeBias: Sendable {
  /// `[head][key - query + queryCount - 1]`, with padding for the lanes after the last key.
  private let values: [Float]
  /// The number of values for a head.
  private let stride: Int
  private let queryCount: Int

  /// Expands a table of buckets to all distances between tokens.
  ///
  /// - Parameters:
  ///   - table: `[bucket, head]`.
  ///   - seesBothSides: whether queries attend to later keys.
  init(
    table: [Float], _ positions: Hyperparameters.RelativePositions, headCount: Int, positionCount: Int,
    seesBothSides: Bool
  ) {
    let stride = 2 * positionCount - 1 + PackedWeights.height
    let sideCount = seesBothSides ? positions.bucketCount / 2 : positions.bucketCount
    let buckets = (0..<positionCount).map {
      Self.bucket(ofDistance: $0, count: sideCount, limit: positions.distanceLimit)
    }
    var values = [Float](repeating: 0, count: headCount * stride)
    for (distance, bucket) in buckets.enumerated() {
      // Without that, later keys are masked and their bias does not matter.
      let sided = seesBothSides && distance > 0 ? bucket + sideCount : bucket
      for head in 0..<headCount {
        values[head * stride + positionCount - 1 - distance] = table[bucket * headCount + head]
        values[head * stride + positionCount - 1 + distance] = table[sided * headCount + head]
      }
    }
    self.values = values
    self.stride = stride
    queryCount = positionCount
  }

  /// The bucket of a distance among `count` buckets of one side, of which the last is for all distances from `limit` on.
  ///
  /// Each step is rounded to float32, as transformers' are: it decides on which side of a border a distance falls.
  static func bucket(ofDistance distance: Int, count: Int, limit: Int) -> Int {
    let exact = count / 2
    guard distance >= exact else { return distance }
    let width = Float(DeterministicMath.naturalLogarithm(Double(limit) / Double(exact)))
    let ratio = Float(distance) / Float(exact)
    let share = Float(DeterministicMath.naturalLogarithm(Double(ratio))) / width * Float(count - exact)
    // Compared before the conversion to an integer, which might overflow.
    return share < Float(count - exact) ? exact + Int(share) : count - 1
  }

  /// The biases of sixteen keys from `firstKey` on for the query at position `query`.
  @inline(__always)
  func biases(head: Int, query: Int, firstKey: Int) -> SIMD16<Float> {
    let start = head * stride + firstKey - query + queryCount - 1
    var biases = SIMD16<Float>()
    for lane in 0..<PackedWeights.height { biases[lane] = values[start + lane] }
    return biases
  }
}

extension ForwardPass {
  /// The position bias of a layer; nil if there is none.
  func positionBias(_ layer: Int, positionCount: Int) throws -> PositionBias? {
    guard let positions = hyperparameters.relativePositions else { return PositionBias(hyperparameters) }
    let weights = weights, headCount = hyperparameters.headCount
    // T5 has biases in the first layer for all, UMT5 in each.
    let source = (0...layer).last { weights.contains(.relativeAttentionBias, layer: $0) }
    let table = try weights.vector(
      .relativeAttentionBias, layer: source ?? 0, count: headCount, rowCount: positions.bucketCount)
    return .relative(
      RelativeBias(
        table: table, positions, headCount: headCount, positionCount: positionCount,
        seesBothSides: hyperparameters.features.mask == .none))
  }
}

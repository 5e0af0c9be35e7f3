import Architectures
import Tensors

/// The bias on an attention score for the position of the key.
enum PositionBias: Sendable {
  /// ALiBi: the head's slope times the key's position; the softmax takes the query's own position out again.
  case alibi(slopes: [Float])
  /// ALiBi without a mask: minus the head's slope times the distance to the key, on either side.
  case alibiOfDistance(slopes: [Float])
  /// Falcon's ALiBi: slope and product are rounded to bfloat16, and the score is scaled afterwards.
  case alibiBeforeScale(slopes: [Float])
  /// T5's: a value for the distance.
  case relative(RelativeBias)

  /// The bias that follows from the hyperparameters; nil if there is none, or a learned one.
  init?(_ hyperparameters: Hyperparameters) {
    func slopes() -> [Float] {
      Self.slopes(headCount: hyperparameters.headCount, limit: hyperparameters.scales.alibiLimit)
    }
    switch hyperparameters.features.positions {
    case .alibi:
      self = hyperparameters.features.mask == .none ? .alibiOfDistance(slopes: slopes()) : .alibi(slopes: slopes())
    case .alibiBeforeScale: self = .alibiBeforeScale(slopes: slopes().map(Self.roundedToBrainFloat))
    case .rotary, .relative, .none: return nil
    }
  }

  /// ALiBi's slopes, `2^(-limit h / n)` for heads 1 … n; the limit is 8 in all but a few models (MPT-StoryWriter's is 16).
  ///
  /// If n is not a power of two: those of the power below, then every second one of the power above.
  static func slopes(headCount: Int, limit: Double = 8) -> [Float] {
    let power = 1 << (Int.bitWidth - 1 - headCount.leadingZeroBitCount)
    func slope(_ head: Int, of count: Int) -> Float {
      // Powers of a base that is rounded to float32, as in transformers.
      let base = Float(DeterministicMath.power(2, -limit / Double(count)))
      return Float(DeterministicMath.power(Double(base), Double(head)))
    }
    return (1...power).map { slope($0, of: power) }
      + (0..<headCount - power).map { slope(2 * $0 + 1, of: 2 * power) }
  }

  /// Scales the `scores` of sixteen keys from position `firstKey` on for the query of a head at position `query`, and
  /// adds the bias.
  @inline(__always)
  func apply(
    to scores: SIMD16<Float>, scale: SIMD16<Float>, head: Int, query: Int, firstKey: Int
  ) -> SIMD16<Float> {
    let positions = SIMD16<Float>(repeating: Float(firstKey)) + Self.lanes
    switch self {
    case .alibi(let slopes): return scores * scale + positions * SIMD16(repeating: slopes[head])
    case .alibiOfDistance(let slopes):
      let offsets = positions - SIMD16(repeating: Float(query))
      let distances = offsets.replacing(with: -offsets, where: offsets .< 0)
      return scores * scale - distances * SIMD16(repeating: slopes[head])
    case .relative(let bias): return scores * scale + bias.biases(head: head, query: query, firstKey: firstKey)
    case .alibiBeforeScale(let slopes):
      let bias = positions * SIMD16(repeating: slopes[head])
      var rounded = SIMD16<Float>()
      for lane in 0..<16 { rounded[lane] = Self.roundedToBrainFloat(bias[lane]) }
      return (scores + rounded) * scale
    }
  }

  private static let lanes = SIMD16<Float>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)

  /// The nearest value with eight bits of significand; of two equally near ones the even one.
  private static func roundedToBrainFloat(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }
}

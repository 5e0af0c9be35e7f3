import Architectures
import Tensors
import TestSupport
import Testing

@testable import Inference

/// Piecewise attention against its formula in double precision.
@Suite("Piecewise attention")
struct PiecewiseAttentionTests {
  static let frequencies: [Double] = [1, 0.1, 0.01, 0.001]

  /// `x` rotated for `position`, half-split.
  private static func rotated(_ x: [Double], _ position: Double) -> [Double] {
    var result = x
    for (pair, frequency) in frequencies.enumerated() {
      let angle = Double(Float(position) * Float(frequency))
      let cosine = DeterministicMath.cosine(angle), sine = DeterministicMath.sine(angle)
      result[pair] = x[pair] * cosine - x[pair + 4] * sine
      result[pair + 4] = x[pair + 4] * cosine + x[pair] * sine
    }
    return result
  }

  @Test("scores distant pairs by the second rotation", arguments: [1, 5, 16, 17, 40], [nil, 1.0, 4.5])
  func scores(threshold: Int, factor: Double?) throws {
    let count = 53
    var random = SeededGenerator(seed: UInt64(threshold))
    let query = (0..<count).map { _ in (0..<8).map { _ in Double(Float.random(in: -2...2, using: &random)) } }
    let key = (0..<count).map { _ in (0..<8).map { _ in Double(Float.random(in: -2...2, using: &random)) } }
    let rotary = RotaryEmbedding(
      base: 10000, dimensionCount: 8, scaling: .piecewise(.init(threshold: threshold, factor: factor)))
    let frequencies = try RotaryFrequencies(rotary, positionCount: count)
    let plain = try RotaryTable(rotary, positionCount: count)
    func matrix(_ rows: [[Double]]) throws -> Matrix {
      let values = rows.flatMap { $0.map { Float($0) } }
      var matrix = try #require(Matrix(rowCount: count, columnCount: 8, values: values))
      plain.rotate(&matrix, headDimension: 8)
      return matrix
    }
    let near = (query: try matrix(query), key: try matrix(key))
    let distant = DistantRotations(
      .init(threshold: threshold, factor: factor), frequencies, pairs: .halfSplit, positionCount: count
    ).heads(query: near.query, firstPosition: 0, key: near.key, headDimension: 8, start: 0)
    func product(_ q: Matrix, _ k: Matrix, _ m: Int, _ n: Int) -> Double {
      zip(q[row: m], k[row: n]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    var greatest = 0.0
    for m in 0..<count {
      for firstKey in stride(from: 0, to: count, by: 16) {
        var lanes = (near: SIMD16<Float>(), far: SIMD16<Float>())
        for lane in 0..<min(16, count - firstKey) {
          lanes.near[lane] = Float(product(near.query, near.key, m, firstKey + lane))
          lanes.far[lane] = Float(product(distant.query, distant.key, m, firstKey + lane))
        }
        let scores = distant.select(lanes.near, lanes.far, query: m, firstKey: firstKey)
        for lane in 0..<min(16, count - firstKey) {
          let n = firstKey + lane, distance = m - n
          var places = (Double(m), Double(n))
          if distance >= threshold {
            let share = factor.map { 1 / $0 } ?? 0
            places = (Double(threshold) + Double(m - threshold) * share, Double(n) * share)
          }
          let q = Self.rotated(query[m], places.0), k = Self.rotated(key[n], places.1)
          let expected = zip(q, k).reduce(0) { $0 + $1.0 * $1.1 }
          greatest = max(greatest, abs(expected - Double(scores[lane])))
        }
      }
    }
    #expect(greatest < 2e-5)
  }
}

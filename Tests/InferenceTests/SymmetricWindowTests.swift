import Architectures
@testable import Inference
import Tensors
import TestSupport
import Testing

/// Attention without a mask, in windows that reach as far on both sides, against the plain formula.
@Suite("A window on both sides")
struct SymmetricWindowTests {
  static let dimension = 4

  private func attention(window: Int?) -> Attention {
    let hyperparameters = Hyperparameters(
      layerCount: 1, embeddingLength: 2 * Self.dimension, feedForwardLength: 1, headCount: 2, keyValueHeadCount: 1,
      headDimension: Self.dimension, vocabularySize: 1, contextLength: 64, normEpsilon: 1,
      rotary: RotaryEmbedding(base: 1, dimensionCount: Self.dimension), tiesEmbeddings: false)
    return Attention(hyperparameters, layer: 0, bias: nil, isCausal: false, window: window)
  }

  private func matrix(_ rowCount: Int, _ columnCount: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    var matrix = Matrix(rowCount: rowCount, columnCount: columnCount)
    for index in matrix.values.indices { matrix.values[index] = Float.random(in: -2...2, using: &generator) }
    return matrix
  }

  /// `softmax(q · kᵀ / √d) · v` over keys at most `window / 2` away.
  private func plain(_ query: Matrix, _ key: Matrix, _ value: Matrix, window: Int?) -> [Double] {
    let dimension = Self.dimension, count = query.rowCount
    var result = [Double](repeating: 0, count: query.values.count)
    for position in 0..<count {
      for head in 0..<2 {
        var weights: [(key: Int, weight: Double)] = []
        for other in 0..<count where window.map({ (position - other).magnitude <= $0 / 2 }) ?? true {
          let product = (0..<dimension).reduce(0.0) {
            $0 + Double(query[row: position][query[row: position].startIndex + head * dimension + $1])
              * Double(key[row: other][key[row: other].startIndex + $1])
          }
          weights.append((other, DeterministicMath.exponential(product / 2)))
        }
        let sum = weights.reduce(0) { $0 + $1.weight }
        for (other, weight) in weights {
          for column in 0..<dimension {
            result[position * 2 * dimension + head * dimension + column] +=
              weight / sum * Double(value[row: other][value[row: other].startIndex + column])
          }
        }
      }
    }
    return result
  }

  /// One token, blocks of queries that end within a window, windows as long as the text, longer, of one key, and none.
  @Test(
    "agrees with the plain formula", arguments: [1, 2, 15, 16, 17, 100, 200],
    [nil, 0, 1, 2, 7, 8, 33, 128, 200, 1 << 24] as [Int?])
  func agrees(count: Int, window: Int?) throws {
    let query = matrix(count, 2 * Self.dimension, seed: 1), key = matrix(count, Self.dimension, seed: 2)
    let value = matrix(count, Self.dimension, seed: 3)
    let result = try attention(window: window).attend(query: query, key: key, value: value, threads: 2)
    let expected = plain(query, key, value, window: window)
    let worst = zip(result.values, expected).map { (Double($0) - $1).magnitude }.max() ?? .infinity
    #expect(worst < 2e-6)
  }
}

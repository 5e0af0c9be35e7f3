import Architectures
import TestSupport
import Testing

@testable import Inference

@Suite struct AttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let positionCount: Int
    let window: Int?
    var testDescription: String { "\(positionCount) positions, window \(window.map(String.init) ?? "none")" }
  }

  // Around the six rows of a strip, the sixteen keys of a panel and the 48 queries of a block.
  static let cases = [
    Case(positionCount: 1, window: nil), Case(positionCount: 17, window: nil), Case(positionCount: 70, window: nil),
    Case(positionCount: 7, window: 1), Case(positionCount: 70, window: 5), Case(positionCount: 70, window: 16),
    Case(positionCount: 101, window: 50), Case(positionCount: 20, window: 4096), Case(positionCount: 300, window: 31),
  ]

  /// Both keep 24 bits of numbers around 1, in sums of some hundred terms.
  static let tolerance = 1e-5

  @Test(arguments: cases)
  func agreesWithTheFormulaInDoublePrecision(shape: Case) throws {
    let headCount = 4, keyValueHeadCount = 2, dimension = 10
    var generator = SeededGenerator(seed: UInt64(shape.positionCount))
    func matrix(_ columnCount: Int) throws -> Matrix {
      let values = generator.normals(shape.positionCount * columnCount)
      return try #require(Matrix(rowCount: shape.positionCount, columnCount: columnCount, values: values))
    }
    let query = try matrix(headCount * dimension)
    let key = try matrix(keyValueHeadCount * dimension), value = try matrix(keyValueHeadCount * dimension)
    let attention = Attention(
      Hyperparameters(
        layerCount: 1, embeddingLength: 8, feedForwardLength: 8, headCount: headCount,
        keyValueHeadCount: keyValueHeadCount, headDimension: dimension, vocabularySize: 1, contextLength: 1,
        normEpsilon: 0, rotary: RotaryEmbedding(base: 1, dimensionCount: 2), tiesEmbeddings: true,
        slidingWindow: shape.window))

    let result = try attention.attend(query: query, key: key, value: value, threads: 1)
    for threads in [2, 3, 8] {
      let other = try attention.attend(query: query, key: key, value: value, threads: threads)
      #expect(other == result)
    }
    var worst = 0.0
    for position in 0..<shape.positionCount {
      for head in 0..<headCount {
        let shared = head / (headCount / keyValueHeadCount)
        let seen = max(0, position - (shape.window ?? .max - 1) + 1)...position
        let powers = seen.map { other in
          let score = (0..<dimension).reduce(0.0) {
            $0 + Double(query[row: position, head * dimension + $1] * key[row: other, shared * dimension + $1])
          }
          return Elementary.power(2.718281828459045, score / Double(dimension).squareRoot())
        }
        let sum = powers.reduce(0, +)
        for element in 0..<dimension {
          let expected = zip(seen, powers).reduce(0.0) {
            $0 + Double(value[row: $1.0, shared * dimension + element]) * $1.1 / sum
          }
          worst = max(worst, (Double(result[row: position, head * dimension + element]) - expected).magnitude)
        }
      }
    }
    #expect(worst < Self.tolerance)
  }
}

extension Matrix {
  fileprivate subscript(row row: Int, column: Int) -> Float { values[row * columnCount + column] }
}

@testable import Inference
import TestSupport
import Testing

@Suite("A matrix product")
struct MatrixProductTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    let positions: Int, depth: Int, outputs: Int
    var testDescription: String { "\(positions) × \(depth) · \(depth) × \(outputs)" }
  }

  static let shapes = [
    Shape(positions: 1, depth: 1, outputs: 1), Shape(positions: 6, depth: 16, outputs: 16),
    Shape(positions: 7, depth: 255, outputs: 17), Shape(positions: 5, depth: 256, outputs: 33),
    Shape(positions: 13, depth: 257, outputs: 31), Shape(positions: 3, depth: 700, outputs: 70),
  ]

  @Test("equals the reference bit for bit", arguments: shapes)
  func fastProduct(shape: Shape) throws {
    var generator = SeededGenerator(seed: UInt64(shape.depth))
    let x = try #require(
      Matrix(
        rowCount: shape.positions, columnCount: shape.depth, values: generator.normals(shape.positions * shape.depth)))
    let weights = generator.normals(shape.outputs * shape.depth)
    let expected = MatrixProduct.reference(x, weights: weights, outputCount: shape.outputs)
    for threads in [1, 2, 3, 8] {
      let product = try MatrixProduct.multiply(x, outputCount: shape.outputs, threads: threads) { rows, values in
        values = Array(weights[rows.lowerBound * shape.depth..<rows.upperBound * shape.depth])
      }
      #expect(product == expected)
    }
  }

  @Test("ends at an error of the weights")
  func error() {
    struct Unreadable: Error {}
    #expect(throws: Unreadable.self) {
      try MatrixProduct.multiply(Matrix(rowCount: 2, columnCount: 3), outputCount: 100, threads: 2) { rows, values in
        if rows.contains(64) { throw Unreadable() }
        values = [Float](repeating: 0, count: rows.count * 3)
      }
    }
  }
}

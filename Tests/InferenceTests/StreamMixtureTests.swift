import TestSupport
import Testing

@testable import Inference

@Suite("A mixture of residual streams")
struct StreamMixtureTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    let positions: Int, streams: Int, width: Int
    var testDescription: String { "\(positions) positions, \(streams) streams of \(width)" }
  }

  static let sizes = [
    Sizes(positions: 1, streams: 1, width: 1), Sizes(positions: 3, streams: 4, width: 16),
    Sizes(positions: 5, streams: 3, width: 7), Sizes(positions: 2, streams: 2, width: 33),
  ]

  private static func matrix(_ rows: Int, _ columns: Int, seed: Int) throws -> Matrix {
    var generator = SeededGenerator(seed: UInt64(seed))
    return try #require(Matrix(rowCount: rows, columnCount: columns, values: generator.normals(rows * columns)))
  }

  @Test("predicts as the formula does, bit for bit", arguments: sizes)
  func predicted(sizes: Sizes) throws {
    let streams = try Self.matrix(sizes.positions, sizes.streams * sizes.width, seed: 1)
    let coefficients = try Self.matrix(sizes.positions, sizes.streams * sizes.streams, seed: 2)
    let mixture = StreamMixture(streamCount: sizes.streams)
    #expect(mixture.predicted(streams, coefficients) == mixture.predictedReference(streams, coefficients))
  }

  @Test("corrects as the formula does, bit for bit", arguments: sizes)
  func corrected(sizes: Sizes) throws {
    let predictions = try Self.matrix(sizes.positions, sizes.streams * sizes.width, seed: 3)
    let innovation = try Self.matrix(sizes.positions, sizes.width, seed: 4)
    let coefficients = try Self.matrix(sizes.positions, sizes.streams, seed: 5)
    let mixture = StreamMixture(streamCount: sizes.streams)
    #expect(
      mixture.corrected(predictions, by: innovation, coefficients)
        == mixture.correctedReference(predictions, by: innovation, coefficients))
  }

  @Test("takes the coefficients of a prediction by row")
  func order() throws {
    // Stream 0 gets 10 times stream 1, stream 1 gets 100 times stream 0.
    let streams = try #require(Matrix(rowCount: 1, columnCount: 2, values: [1, 2]))
    let coefficients = try #require(Matrix(rowCount: 1, columnCount: 4, values: [0, 10, 100, 0]))
    #expect(StreamMixture(streamCount: 2).predicted(streams, coefficients).values == [21, 102])
  }

  @Test("scales rows to the magnitudes of others, and none by more than a small limit allows")
  func magnitudes() throws {
    let rows = try #require(Matrix(rowCount: 3, columnCount: 2, values: [3, 4, 0, 0, 1e-6, 1e-6]))
    let others = try #require(Matrix(rowCount: 3, columnCount: 2, values: [6, 8, 1, 1, 1, 1]))
    let scaled = rows.scaledToMagnitudes(of: others).values
    #expect(Array(scaled[..<4]) == [6, 8, 0, 0])
    // 10⁻⁶ / √10⁻⁵
    #expect(abs(scaled[4] - 3.162_277_7e-4) < 1e-9)
  }
}

@Suite("A sparse gate")
struct SparseGateTests {
  @Test("keeps what is above a number of standard deviations", arguments: [0.0, 0.6744897, 1.6448536, -0.5])
  func cut(cutoff: Double) throws {
    var generator = SeededGenerator(seed: 7)
    let gate = try #require(Matrix(rowCount: 4, columnCount: 64, values: generator.normals(256)))
    var found = gate
    found.cut(below: cutoff)
    for row in 0..<4 {
      let x = gate[row: row].map(Double.init)
      let mean = x.reduce(0, +) / 64
      let deviation = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 64).squareRoot()
      for (value, found) in zip(x, found[row: row]) {
        #expect(abs(Double(found) - max(0, value - mean - cutoff * deviation)) < 1e-6)
      }
    }
  }

  @Test("keeps everything below no limit, and nothing below an endless one")
  func limits() throws {
    let gate = try #require(Matrix(rowCount: 2, columnCount: 2, values: [1, -2, 3, 3]))
    var all = gate, none = gate
    all.cut(below: -.infinity)
    none.cut(below: .infinity)
    #expect(all == gate && none.values == [0, 0, 0, 0])
  }
}

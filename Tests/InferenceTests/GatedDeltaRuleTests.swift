import Architectures
@testable import Inference
import TestSupport
import Tensors
import Testing

@Suite("A gated delta rule")
struct GatedDeltaRuleTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    let positions: Int, keyHeads: Int, valueHeads: Int, keyDimension: Int, valueDimension: Int
    var testDescription: String {
      "\(positions) positions, \(keyHeads) and \(valueHeads) heads of \(keyDimension) and \(valueDimension)"
    }
    var recurrence: Hyperparameters.Recurrence {
      Hyperparameters.Recurrence(
        layers: [true], keyHeadCount: keyHeads, valueHeadCount: valueHeads, keyDimension: keyDimension,
        valueDimension: valueDimension, convolutionWidth: 4)
    }
  }

  static let sizes = [
    Sizes(positions: 1, keyHeads: 1, valueHeads: 1, keyDimension: 1, valueDimension: 1),
    Sizes(positions: 1, keyHeads: 2, valueHeads: 6, keyDimension: 16, valueDimension: 16),
    Sizes(positions: 9, keyHeads: 2, valueHeads: 4, keyDimension: 8, valueDimension: 17),
    Sizes(positions: 70, keyHeads: 1, valueHeads: 3, keyDimension: 24, valueDimension: 40),
  ]

  private static func rule(_ sizes: Sizes, decay: Float? = nil, update: Float? = nil) throws -> GatedDeltaRule {
    var generator = SeededGenerator(seed: UInt64(sizes.positions * 1000 + sizes.valueDimension))
    func matrix(_ columns: Int) throws -> Matrix {
      try #require(
        Matrix(rowCount: sizes.positions, columnCount: columns, values: generator.normals(sizes.positions * columns)))
    }
    let keyLength = sizes.keyHeads * sizes.keyDimension
    let query = try matrix(keyLength).scaledToLength(0.5, headDimension: sizes.keyDimension)
    let key = try matrix(keyLength).scaledToLength(1, headDimension: sizes.keyDimension)
    let value = try matrix(sizes.valueHeads * sizes.valueDimension)
    var decays = try matrix(sizes.valueHeads).sigmoid(), updates = try matrix(sizes.valueHeads).sigmoid()
    if let decay { decays.values = decays.values.map { _ in decay } }
    if let update { updates.values = updates.values.map { _ in update } }
    return GatedDeltaRule(
      query: query, key: key, value: value, decay: decays, update: updates, sizes: sizes.recurrence)
  }

  @Test("equals the reference bit for bit, for any number of threads", arguments: sizes)
  func fastRule(sizes: Sizes) throws {
    let rule = try Self.rule(sizes)
    let expected = rule.reference()
    for threads in [1, 2, 5] {
      let isSame = try rule.run(threads: threads) == expected
      #expect(isSame, "\(threads) threads")
    }
  }

  @Test("equals it where states are lost or kept at every step", arguments: sizes, [(0, 1), (1, 1), (1, 0), (0, 0)])
  func edges(sizes: Sizes, factors: (decay: Float, update: Float)) throws {
    let rule = try Self.rule(sizes, decay: factors.decay, update: factors.update)
    let isSame = try rule.run(threads: 2) == rule.reference()
    #expect(isSame)
    // Without updates nothing is ever stored.
    if factors.update == 0 { #expect(try rule.run(threads: 1).values.allSatisfy { $0 == 0 }) }
  }

  @Test("gives a value back that was stored under the key of the query")
  func recall() throws {
    // A state that is lost at every step and wholly replaced has v ⊗ k, so a query of k gives v back.
    let sizes = Sizes(positions: 5, keyHeads: 1, valueHeads: 2, keyDimension: 12, valueDimension: 20)
    let rule = try Self.rule(sizes, decay: 0, update: 1)
    let recalled = GatedDeltaRule(
      query: rule.key, key: rule.key, value: rule.value, decay: rule.decay, update: rule.update, sizes: rule.sizes)
    let result = try recalled.run(threads: 1)
    for (found, wanted) in zip(result.values, rule.value.values) {
      #expect(abs(found - wanted) < 1e-5 * max(1, abs(wanted)))
    }
  }

  @Test("has the decays of the formula", arguments: [-60.0, -20, -9, -1, 0, 0.5, 3, 19.9, 20.1, 80])
  func decays(step: Double) throws {
    let steps = try #require(Matrix(rowCount: 1, columnCount: 2, values: [Float(step), Float(step)]))
    let found = GatedDeltaRule.decays(steps: steps, rates: [-2, 1])
    for (index, rate) in [-2.0, 1].enumerated() {
      let power = DeterministicMath.exponential(Double(Float(step)))
      let softplus =
        step < -15 ? power : step > 20 ? Double(Float(step)) : DeterministicMath.naturalLogarithm(1 + power)
      let expected = DeterministicMath.exponential(-DeterministicMath.exponential(rate) * softplus)
      #expect(abs(Double(found.values[index]) - expected) <= 1e-7 * expected + 1e-40)
    }
  }

  @Test("convolves over the positions before, in each channel with its own weights")
  func convolution() throws {
    let x = try #require(Matrix(rowCount: 3, columnCount: 2, values: [1, 10, 2, 20, 3, 30]))
    // Channel 0 takes the position before, channel 1 its own and, twice, the second before.
    let result = x.convolved([0, 0, 1, 0, 0, 2, 0, 1], width: 4)
    #expect(result.values == [0, 10, 1, 20, 2, 50])
  }
}

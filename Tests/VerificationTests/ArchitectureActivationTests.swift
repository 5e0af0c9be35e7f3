import Bytes
import Inference
import Models
import TestSupport
import Testing

/// The forward pass of every architecture against what transformers computed in float32 with eager attention.
@Suite struct ArchitectureActivationTests {
  /// `Σ (a - b)² / Σ b²` may be this much: float32 sums in another order.
  static let bound = 1e-9

  @Test("agrees with transformers", arguments: ArchitectureFixture.ready(.activations))
  func agrees(fixture: ArchitectureFixture) throws {
    try Self.expectAgreement(fixture)
  }

  @Test("is still pending", arguments: ArchitectureFixture.pending(.activations))
  func pending(fixture: ArchitectureFixture) {
    withKnownIssue("\(fixture): the forward pass does not agree with transformers") {
      try Self.expectAgreement(fixture)
    }
  }

  private static func expectAgreement(_ fixture: ArchitectureFixture) throws {
    let folder = TemporaryFolder()
    let weights = try ModelWeights(Model.open(fixture.stage(in: folder), library: .bundled()))
    let tokens = try #require(fixture.expected("tokens.json").array).compactMap(\.integer)
    let expectedHidden = try array(fixture, "hidden.npy")
    let stateCount = weights.hyperparameters.layerCount + 1
    let width = tokens.count * weights.hyperparameters.embeddingLength
    try #require(expectedHidden.shape == [stateCount, tokens.count, weights.hyperparameters.embeddingLength])

    var pass = try ForwardPass(weights, tokens: tokens, threads: 2)
    for state in 0..<stateCount {
      // The last state is recorded behind the last norm.
      let hidden = state < stateCount - 1 ? pass.hidden : try pass.normalizedHidden()
      let expected = expectedHidden.values[state * width..<(state + 1) * width]
      let error = normalizedError(hidden.values[...], expected)
      #expect(error <= bound, "hidden state \(state)")
      if state < stateCount - 1 { try pass.step(layer: state) }
    }
    guard fixture.hasExpected("logits.npy") else {
      let expected = try array(fixture, "embedding.npy")
      return #expect(normalizedError(try pass.embedding()[...], expected.values[...]) <= bound, "embedding")
    }
    let logits = try pass.logits(), expected = try array(fixture, "logits.npy")
    #expect(expected.shape == [tokens.count, weights.hyperparameters.vocabularySize])
    #expect(normalizedError(logits.values[...], expected.values[...]) <= bound, "logits")
  }

  private static func array(_ fixture: ArchitectureFixture, _ file: String) throws -> NumPyFile {
    try #require(NumPyFile(InputFile(fixture.expectedPath(file)).wholeContent(limit: 1 << 24)))
  }

  private static func normalizedError(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    return difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }
  }
}

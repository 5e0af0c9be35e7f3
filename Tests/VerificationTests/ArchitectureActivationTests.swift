import Bytes
import Inference
import Models
import TestSupport
import Testing

/// The forward pass of every architecture against what transformers computed in float32 with eager attention.
@Suite("The hidden states of an architecture")
struct ArchitectureActivationTests {
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
    let tokens = try Self.tokens(fixture, "tokens.json")
    let isTwofold = fixture.hasExpected("decoder-tokens.json")
    let decoderTokens = isTwofold ? try Self.tokens(fixture, "decoder-tokens.json") : nil
    var pass = try ForwardPass(weights, tokens: tokens, decoderTokens: decoderTokens, threads: 2)
    var stackCount = 0
    repeat {
      let streams = fixture.hasExpected("streams.npy") ? try array(fixture, "streams.npy") : nil
      try expectStates(
        &pass, of: array(fixture, pass.state.stack == .decoder ? "decoder-hidden.npy" : "hidden.npy"), streams: streams)
      stackCount += 1
    } while try pass.advanceToDecoder()
    #expect(stackCount == (isTwofold ? 2 : 1))
    guard fixture.hasExpected("logits.npy") else {
      let expected = try array(fixture, fixture.hasExpected("scores.npy") ? "scores.npy" : "embedding.npy")
      return #expect(normalizedError(try pass.textVector()[...], expected.values[...]) <= bound, "embedding or scores")
    }
    let logits = try pass.logits(), expected = try array(fixture, "logits.npy")
    // Of every fourth position, the last one included.
    let positions = Array(stride(from: 3, to: pass.tokens.count, by: 4))
    #expect(expected.shape == [positions.count, weights.hyperparameters.vocabularySize])
    #expect(normalizedError(positions.flatMap { logits[row: $0] }[...], expected.values[...]) <= bound, "logits")
    for (row, position) in positions.enumerated() {
      let start = row * logits.columnCount
      let wanted = TokenRanking(expected.values[start..<start + logits.columnCount], count: 1).entries[0].token
      #expect(TokenRanking(logits[row: position], count: 1).entries[0].token == wanted, "position \(position)")
    }
  }

  /// Takes the pass through one stack; the last state is recorded behind the last norm.
  ///
  /// - Parameter streams: all residual streams of every fourth position, the last one included, if there are several.
  private static func expectStates(_ pass: inout ForwardPass, of expected: NumPyFile, streams: NumPyFile?) throws {
    let layerCount = pass.hyperparameters.layerCount, width = pass.activeHidden.values.count
    try #require(expected.shape == [layerCount + 1, pass.activeHidden.rowCount, pass.activeHidden.columnCount])
    for state in 0...layerCount {
      let hidden = state < layerCount ? pass.activeHidden : try pass.normalizedHidden()
      let error = normalizedError(hidden.values[...], expected.values[state * width..<(state + 1) * width])
      #expect(error <= bound, "\(pass.state.stack.naming("hidden state")) \(state)")
      if let streams {
        let found = stride(from: 3, to: pass.hidden.rowCount, by: 4).flatMap { pass.hidden[row: $0] }
        try #require(streams.values.count == (layerCount + 1) * found.count)
        let wanted = streams.values[state * found.count..<(state + 1) * found.count]
        #expect(normalizedError(found[...], wanted) <= bound, "streams of state \(state)")
      }
      if state < layerCount { try pass.step(layer: state) }
    }
  }

  private static func tokens(_ fixture: ArchitectureFixture, _ file: String) throws -> [Int] {
    try #require(fixture.expected(file).array).compactMap(\.integer)
  }

  private static func array(_ fixture: ArchitectureFixture, _ file: String) throws -> NumPyFile {
    try #require(NumPyFile(LocalFile(fixture.expectedPath(file)).wholeContent(limit: 1 << 24)))
  }

  private static func normalizedError(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    return difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }
  }
}

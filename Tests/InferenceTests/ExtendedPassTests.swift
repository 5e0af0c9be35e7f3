import Architectures
import Bytes
import Inference
import Models
import TestSupport
import Testing

/// A pass that is extended token by token against one pass over the whole text.
@Suite("An extended pass")
struct ExtendedPassTests {
  static let canonicalNames = ForwardPassTests.canonicalNames
  static let architectureNames = try? FileSystem.list(Fixtures.path("architectures"))

  @Test("has the bits of a whole pass for canonical weights", arguments: try #require(canonicalNames))
  func canonical(name: String) throws {
    let model = try CanonicalModel(name)
    guard model.hyperparameters.canExtend else { return }
    try Self.expectSameBits(model, model.tokens, steps: [3, 1, 2])
  }

  /// Recurrent states, shared keys and values, layer inputs, windows, latent attention, sinks and routers among them.
  @Test("has the bits of a whole pass for every architecture", arguments: try #require(architectureNames))
  func architectures(name: String) throws {
    let folder = TemporaryFolder()
    let path = try Fixtures.checkpoint(Path.join("architectures", name), in: folder)
    let model = try Model.open(path, library: .bundled())
    guard model.definition.forwardPass != nil else { return }
    let weights = try ModelWeights(model)
    guard weights.hyperparameters.canExtend else { return }
    let count = min(24, weights.hyperparameters.contextLength)
    let tokens = (0..<count).map { ($0 * 7 + 3) % weights.hyperparameters.vocabularySize }
    try Self.expectSameBits(weights, tokens, steps: [5, 1, 1, 6, 2, 1])
  }

  @Test("keeps weights in memory without other bits", arguments: [0, 20_000, 1 << 30])
  func keptWeights(byteLimit: Int) throws {
    let model = try ForwardPassTests.model("llama-gqa"), tokens = try ForwardPassTests.tokens("llama-gqa")
    let kept = KeptWeights(model, byteLimit: byteLimit)
    let expected = try ForwardPass.logits(model, tokens: tokens, threads: 1)
    for threads in [1, 2, 3] {
      let logits = try ForwardPass.logits(kept, tokens: tokens, threads: threads)
      #expect(logits == expected)
    }
    try Self.expectSameBits(kept, tokens, steps: [4, 1, 3])
  }

  @Test("refuses tokens beyond its capacity, and models that attend to later tokens")
  func refusals() throws {
    let model = try ForwardPassTests.model("llama-gqa")
    var pass = try ForwardPass(model, tokens: [1, 2], capacity: 3)
    try pass.run()
    #expect(throws: InferenceError.self) { try pass.extend(by: [1, 2]) }
    #expect(throws: InferenceError.self) { try pass.extend(by: [-1]) }
    #expect(throws: InferenceError.self) { try pass.extend(by: []) }
    let encoder = try CanonicalModel("bert")
    #expect(throws: InferenceError.self) { try ForwardPass(encoder, tokens: encoder.tokens, capacity: 9) }
  }

  /// Compares the logits of every position; `steps` are the tokens at a time, again and again.
  private static func expectSameBits(_ model: some WeightSource, _ tokens: [Int], steps: [Int]) throws {
    let expected = try ForwardPass.logits(model, tokens: tokens, threads: 2)
    var start = 0
    var pass: ForwardPass?
    while start < tokens.count {
      let end = min(tokens.count, start + steps[start % steps.count]), new = Array(tokens[start..<end])
      if pass == nil {
        pass = try ForwardPass(model, tokens: new, capacity: tokens.count, threads: 2)
      } else {
        try pass?.extend(by: new)
      }
      try pass?.run()
      let logits = try #require(try pass?.logits())
      try #require(logits.rowCount == new.count)
      let isSame = logits.values[...] == expected.values[start * logits.columnCount..<end * logits.columnCount]
      #expect(isSame, "positions \(start)..<\(end)")
      start = end
    }
  }
}

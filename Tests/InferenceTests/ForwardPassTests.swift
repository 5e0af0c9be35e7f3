import Bytes
import Inference
import TestSupport
import Testing

/// The forward pass against what transformers computed in float32 with eager attention (fixtures/generate).
@Suite struct ForwardPassTests {
  static let names = [
    "llama-gqa", "llama3-tied", "llama-yarn", "llama-linear", "llama-dynamic", "yi", "aquila", "mistral", "llama-bias",
  ]

  @Test(arguments: names)
  func logitsAndEveryHiddenStateAgreeWithTransformers(name: String) throws {
    let model = try FixtureModel(name)
    let tokens = try Self.tokens(name)
    let expectedHidden = try Self.array(name, "hidden.npy"), expectedLogits = try Self.array(name, "logits.npy")
    let stateCount = model.hyperparameters.layerCount + 1
    let width = tokens.count * model.hyperparameters.embeddingLength
    #expect(expectedHidden.shape == [stateCount, tokens.count, model.hyperparameters.embeddingLength])

    var pass = try ForwardPass(model, tokens: tokens, threads: 2)
    for state in 0..<stateCount {
      // The last state is recorded behind the last norm.
      let hidden = state < stateCount - 1 ? pass.hidden : try pass.normalizedHidden()
      let error = Self.normalizedError(hidden.values[...], expectedHidden.values[state * width..<(state + 1) * width])
      #expect(error <= 1e-9, "hidden state \(state)")
      if state < stateCount - 1 { try pass.step(layer: state) }
    }

    let logits = try pass.logits()
    #expect(expectedLogits.shape == [tokens.count, model.hyperparameters.vocabularySize])
    let error = Self.normalizedError(logits.values[...], expectedLogits.values[...])
    #expect(error <= 1e-9)
    for position in tokens.indices {
      let start = position * logits.columnCount
      let expected = expectedLogits.values[start..<start + logits.columnCount]
      #expect(Self.greatest(logits[row: position]) == Self.greatest(expected), "position \(position)")
    }
  }

  @Test func theNumberOfThreadsChangesNoBit() throws {
    let model = try FixtureModel("llama-gqa")
    let tokens = try Self.tokens("llama-gqa")
    let expected = try ForwardPass.logits(model, tokens: tokens, threads: 1)
    for threads in [2, 3, 8] {
      let logits = try ForwardPass.logits(model, tokens: tokens, threads: threads)
      #expect(logits == expected)
    }
  }

  @Test func someLogitsAreTheSameAsAmongAll() throws {
    let model = try FixtureModel("llama3-tied")
    var pass = try ForwardPass(model, tokens: try Self.tokens("llama3-tied"), threads: 1)
    try pass.run()
    let all = try pass.logits(), some = try pass.logits(positions: 5..<7)
    #expect(some.rowCount == 2)
    #expect(some[row: 0].elementsEqual(all[row: 5]) && some[row: 1].elementsEqual(all[row: 6]))
  }

  @Test func anObserverSeesWhatEachLayerAdds() throws {
    let model = try FixtureModel("llama-gqa")
    var pass = try ForwardPass(model, tokens: [1, 2, 3], threads: 1)
    var sum = pass.hidden.values
    var stages: [String] = []
    try pass.run { layer, stage, addend in
      stages.append("\(layer) \(stage.rawValue)")
      for index in sum.indices { sum[index] += addend.values[index] }
    }
    #expect(stages == ["0 attention", "0 feedForward", "1 attention", "1 feedForward", "2 attention", "2 feedForward"])
    #expect(sum == pass.hidden.values)
  }

  @Test func earlierPositionsDoNotDependOnLaterTokens() throws {
    let model = try FixtureModel("llama-gqa")
    let tokens = try Self.tokens("llama-gqa")
    let all = try ForwardPass.logits(model, tokens: tokens, threads: 2)
    let head = try ForwardPass.logits(model, tokens: Array(tokens.prefix(7)), threads: 2)
    #expect(head.values[...] == all.values.prefix(head.values.count))
  }

  static func tokens(_ name: String) throws -> [Int] {
    let file = try InputFile(Fixtures.path("expected", name, "tokens.json")).wholeContent(limit: 1 << 20)
    return try #require(JSON(parsing: file).array).compactMap(\.integer)
  }

  static func array(_ name: String, _ file: String) throws -> NumPyFile {
    try #require(NumPyFile(InputFile(Fixtures.path("expected", name, file)).wholeContent(limit: 1 << 24)))
  }

  /// `Σ (a - b)² / Σ b²`
  static func normalizedError(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    guard a.count == b.count else { return .infinity }
    let difference = zip(a, b).reduce(0.0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    return difference / b.reduce(0.0) { $0 + Double($1) * Double($1) }
  }

  static func greatest(_ row: ArraySlice<Float>) -> Int? {
    row.indices.max { row[$0] < row[$1] }.map { $0 - row.startIndex }
  }
}

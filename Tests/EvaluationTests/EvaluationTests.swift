import Bytes
import Evaluation
import Models
import TestSupport
import Testing

@Suite("Evaluating a model")
struct EvaluationTests {
  /// Float32 logits of two programs agree to about six digits.
  private static let tolerance = 1e-3

  private let weights: ModelWeights
  private let ids: [Int]

  init() throws {
    weights = try ModelWeights(Model.open(Fixtures.path("llama-gqa"), library: .bundled()))
    let text = try LocalFile(Fixtures.path("expected", "llama-gqa", "tokens.json")).wholeContent(limit: 9999)
    ids = try #require(JSON(parsing: text).array).compactMap(\.integer)
  }

  @Test("cuts chunks as llama-perplexity does, or all tokens")
  func chunks() {
    let chunks = TokenChunks(asLlamaPerplexity: Array(0..<11), length: 4, start: 99)
    #expect(chunks.chunks == [[99, 1, 2, 3], [99, 5, 6, 7]])
    #expect(chunks.firstScoredPosition == 2)
    #expect(chunks.comparedPositions(of: chunks.chunks[0]) == 2..<3)
    let all = TokenChunks(Array(0..<5), length: 2)
    #expect(all.chunks == [[0, 1], [2, 3], [4]])
    #expect(all.comparedPositions(of: [2, 3]) == 0..<2)
    #expect(all.tokenCount == 5)
  }

  @Test("measures the perplexity of transformers over the second half of every chunk")
  func perplexity() throws {
    // transformers in float32, log-softmax in float64.
    let chunks = TokenChunks(asLlamaPerplexity: ids, length: 8, start: 1)
    let perplexity = try #require(try Perplexity.measure(weights, on: chunks))
    #expect(perplexity.scoredCount == 9)
    #expect(abs(perplexity.value / 4342.824152725179 - 1) < Self.tolerance)
    #expect(abs(perplexity.meanLoss / 8.376280141898182 - 1) < Self.tolerance)
  }

  @Test("has no perplexity without a scored token")
  func nothingScored() throws {
    #expect(try Perplexity.measure(weights, on: TokenChunks(asLlamaPerplexity: [1, 2], length: 4, start: nil)) == nil)
  }

  @Test("continues as transformers does, up to an end token")
  func continuation() throws {
    let prompt = Array(ids.prefix(6)), expected = [320, 371, 52, 309, 508, 38, 94, 382]
    let continuation = try GreedyContinuation(of: prompt, by: 8, weights: weights)
    #expect(continuation.tokens == expected)
    #expect(!continuation.isEnded)
    let stopped = try GreedyContinuation(of: prompt, by: 8, weights: weights, endTokens: [expected[2]])
    #expect(stopped.isEnded && stopped.tokens == Array(expected.prefix(3)))
  }

  @Test("interpolates percentiles between neighbors")
  func percentiles() {
    let sample = SampleStatistics([4, 1, 3, 2])
    #expect(sample.mean == 2.5 && sample.minimum == 1 && sample.maximum == 4)
    #expect(sample.percentile(50) == 2.5)
    #expect(abs(sample.percentile(90) - 3.7) < 1e-12)
    #expect(SampleStatistics([]).mean == 0)
  }
}

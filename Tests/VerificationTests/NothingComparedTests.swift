import Architectures
import Bytes
import Evaluation
import Models
import TestSupport
import Testing
import Verification

/// Comparisons of nothing, and of less than everything, do not pass.
@Suite("A comparison of nothing") struct NothingComparedTests {
  private static func compare(_ tokens: TokenChunks) throws -> LogitComparison {
    let model = try Model.open(CheckpointDiffTests.gqa, library: .bundled())
    return try LogitComparison.compare(model, model, tokens: tokens)
  }

  @Test("has no verdict: one token, or chunks without a scored token")
  func predictsNothing() throws {
    let one = #expect(throws: NothingPredicted.self) { try Self.compare(TokenChunks([5], length: 512)) }
    #expect(one?.category == .input)
    #expect(
      one?.description
        == "tokens: 1 in 1 chunk, expected at least 2: the first is not predicted, so nothing is measured")
    let short = #expect(throws: NothingPredicted.self) {
      try Self.compare(TokenChunks(asLlamaPerplexity: [1, 2, 3, 4], length: 2, start: nil))
    }
    #expect(short?.description == "tokens: 4 in 2 chunks, of which none is scored (pass a greater --context)")
    #expect(try Self.compare(TokenChunks([5, 6], length: 512)).passes)
  }

  @Test("is refused for a text without a token", arguments: [""])
  func emptyText(text: String) throws {
    let model = try Model.open(CheckpointDiffTests.gqa, library: .bundled())
    let error = #expect(throws: EmptyText.self) { try EvaluationTokens(text, reference: model, candidate: model) }
    #expect(error?.category == .input)
  }

  @Test("is refused for a text that word pieces drop, for encoders too", arguments: ["", "  \n"])
  func emptyTextOfEncoder(text: String) throws {
    let folder = TemporaryFolder()
    let model = try Model.open(ArchitectureFixture.named("bert-bge").stage(in: folder), library: .bundled())
    #expect(throws: EmptyText.self) { try EvaluationTokens(text, reference: model, candidate: model) }
  }

  @Test("fails where both models give logits that are not finite")
  func nonfinite() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.editFloats("output_norm.weight") { $0[0] = .nan }
    let result = try DiagnosedTensorsTests.verify(edited.path, edited.path)
    #expect(!result.passes && result.conversion == .failed && result.quality.grade == .broken)
    #expect(
      result.findings.contains {
        $0.message == "are NaN or infinite at 24 of 24 positions, which are not compared"
      })
    let weights = try ModelWeights(Model.open(edited.path, library: .bundled()))
    let error = #expect(throws: LocatedError.self) {
      try Perplexity.measure(weights, on: TokenChunks([1, 2, 3], length: 8))
    }
    #expect(error?.description == "\(edited.path): logits: are NaN or infinite at 2 of 2 scored positions")
  }

  @Test("fails where the embeddings of both encoders are not finite")
  func nonfiniteEmbeddings() throws {
    let folder = TemporaryFolder()
    let edited = try EditedCheckpoint(ArchitectureFixture.named("bert-bge").stage(in: folder))
    try edited.editBrainFloats("encoder.layer.0.output.LayerNorm.weight") { _ in .nan }
    let model = try Model.open(edited.path, library: .bundled())
    let result = try LogitComparison.compare(model, model, tokens: TokenChunks([2, 30, 31, 3], length: 512))
    #expect(!result.passes)
    #expect(result.findings.first?.message.hasSuffix("that are NaN or infinite, so they are not compared") == true)
  }

  @Test("says which tokens are left over, and which tensors a filter leaves out")
  func leftOver() throws {
    let tokens = TokenChunks(asLlamaPerplexity: Array(1...11), length: 4, start: nil)
    let result = try Self.compare(tokens)
    #expect(result.figures.first?.value == "8 in 2 chunks, 3 left over at the end")
    #expect(result.json["left_over_tokens"]?.integer == 3)
    let diff = try CheckpointDiffTests.compare(
      CheckpointDiffTests.gqa, CheckpointDiffTests.gqaBF16, filter: { $0.hasPrefix("blk.1.attn") })
    #expect(diff.findings.map(\.description).contains("coverage: 25 tensors are left out by the filter"))
  }
}

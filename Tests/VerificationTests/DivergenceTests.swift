import Architectures
import Bytes
import Models
import TestSupport
import Testing
import Verification

/// Planted faults, found by running both models: at the right layer.
@Suite("A divergence")
struct DivergenceTests {
  private func compare(_ edited: EditedCheckpoint) throws -> LogitComparison {
    try LogitComparisonTests.compare(CheckpointDiffTests.gqa, edited.path)
  }

  @Test(
    "is located for queries in Hugging Face's row order",
    arguments: [CheckpointDiffTests.gqaBF16, CheckpointDiffTests.gqaQ8])
  func rowOrder(path: String) throws {
    let edited = try EditedCheckpoint(path)
    try edited.edit("blk.1.attn_q.weight") { bytes in
      // Stored row h·8 + 2j + s is canonical row h·8 + 4s + j.
      let width = bytes.count / 64
      var canonical: [UInt8] = []
      for row in 0..<64 {
        let head = row / 8 * 8, half = row % 8 / 4, pair = row % 4
        let stored = head + 2 * pair + half
        canonical += bytes[stored * width..<(stored + 1) * width]
      }
      bytes = canonical
    }
    let result = try compare(edited)
    #expect(!result.passes)
    #expect(result.firstDiverged?.point == .layer(.only, 1))
    #expect(result.findings.last?.check == "verify.layer")
  }

  @Test("is located for a norm scaled by 2 %")
  func scaledNorm() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.editFloats("blk.2.ffn_norm.weight") { values in
      for index in values.indices { values[index] *= 1.02 }
    }
    let result = try compare(edited)
    #expect(result.firstDiverged?.point == .layer(.only, 2))
    #expect(result.states[3].added[.attention]?.differingCount == 0)
    #expect(result.findings.map(\.check) == ["verify.bits", "verify.layer"])
    let words = result.findings.map(\.description)
    #expect(words[0].hasPrefix("logits: differ by up to "))
    #expect(
      words[0].hasSuffix(
        ", expected the same bits because the candidate's storage formats represent every value of the reference"))
    #expect(words[1].hasPrefix("layer 2: is the first to diverge: NMSE "))
    #expect(words[1].contains(", above 0 (attention output 0, feed-forward output "))
  }

  @Test("is located for another RoPE base")
  func ropeBase() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqa)
    try edited.replace("10000.0", by: "50000.0", in: "config.json")
    let result = try compare(edited)
    #expect(result.firstDiverged?.point == .layer(.only, 0))
    #expect(!result.passes)
  }

  @Test("is located for logits that are NaN")
  func nanLogits() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.editFloats("output_norm.weight") { $0[0] = .nan }
    let result = try compare(edited)
    #expect(result.nonfiniteCount == 24)
    #expect(
      result.findings.first?.description
        == "logits: are NaN or infinite at 24 of 24 positions, which are not compared"
    )
    #expect(result.firstDiverged?.point == .outputNorm(.only))
    #expect(!result.passes)
  }

  @Test("is found between tokenizers that disagree")
  func tokenizers() throws {
    let library = try ArchitectureLibrary.bundled()
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    let reference = try Model.open(CheckpointDiffTests.gqa, library: library)
    let honest = try EvaluationTokens(
      "the cat", reference: reference, candidate: Model.open(edited.path, library: library))
    #expect(honest.findings == [])
    #expect(honest.ids == [1, 263, 269, 322])
    try edited.replace("\u{2581}the", by: "\u{2581}thz")
    let faulty = try EvaluationTokens(
      "the cat", reference: reference, candidate: Model.open(edited.path, library: library))
    #expect(
      faulty.findings.map(\.description) == [
        "tokenizer: token 263 is \"\u{2581}the\" in the reference, \"\u{2581}thz\" in the candidate",
        "text \"the cat\": the tokenizers differ at token 1: 263 in the reference, 261 in the candidate (4 tokens"
          + " and 5)",
      ])
    #expect(faulty.findings.map(\.severity) == [.error, .error])
    #expect(faulty.ids == honest.ids)
  }
}

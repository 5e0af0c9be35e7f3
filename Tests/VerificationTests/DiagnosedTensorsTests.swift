import Architectures
import Bytes
import Evaluation
import Models
import Quantization
import Testing
import TestSupport
import Verification

/// Causes that need other checkpoints than LLaMA's: packed queries, encoders, tied output, matrices that were not transposed.
@Suite("A diagnosis of tensors")
struct DiagnosedTensorsTests {
  static func verify(
    _ reference: String, _ candidate: String, options: ModelVerification.Options = .init()
  ) throws -> ModelVerification {
    let library = try ArchitectureLibrary.bundled()
    return try ModelVerification.verify(
      Model.open(reference, library: library), Model.open(candidate, library: library),
      tokens: TokenChunks((0..<24).map { ($0 * 37 + 5) % 300 }, length: 512), options: options)
  }

  private func diagnosis(_ reference: String, _ edited: EditedCheckpoint) throws -> Diagnosis {
    let verification = try Self.verify(reference, edited.path)
    #expect(!verification.passes)
    #expect(verification.diagnoses.count == 1, "\(verification.diagnoses)")
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(diagnosis.isConfirmed, "\(diagnosis)")
    return diagnosis
  }

  @Test("queries, keys and values packed one after the other where BLOOM has them head by head")
  func packing() throws {
    let folder = TemporaryFolder()
    let reference = try ArchitectureFixture.named("bloom").stage(in: folder)
    let edited = try EditedCheckpoint(reference)
    // Four heads of width 8: row (head, kind, element) goes to (kind, head, element).
    try edited.edit("transformer.h.1.self_attention.query_key_value.weight") { bytes in
      let source = bytes, width = bytes.count / 96
      for row in 0..<96 {
        let (head, inHead) = row.quotientAndRemainder(dividingBy: 24)
        let (kind, element) = inHead.quotientAndRemainder(dividingBy: 8)
        let target = kind * 32 + head * 8 + element
        bytes.replaceSubrange(target * width..<(target + 1) * width, with: source[row * width..<(row + 1) * width])
      }
    }
    let diagnosis = try diagnosis(reference, edited)
    #expect(diagnosis.fault == .fusionOrder)
    #expect("\(diagnosis.subject)" == "layer 1 attention query")
    #expect(Set(diagnosis.otherSubjects.map(\.description)) == ["layer 1 attention key", "layer 1 attention value"])
    #expect(diagnosis.stage == "layer 1")
    #expect(
      diagnosis.words
        == "is concatenated Q, K and V, expected grouped by KV head")
  }

  @Test("finds a matrix that a conversion did not transpose, as GPT-2's need")
  func leftTransposed() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.transpose("blk.1.ffn_up.weight", rowCount: 160, columnCount: 64)
    let diagnosis = try diagnosis(CheckpointDiffTests.gqa, edited)
    #expect(diagnosis.fault == .transposed)
    #expect("\(diagnosis.subject)" == "layer 1 feed forward up")
  }

  @Test("finds transposed queries whose rows are permuted")
  func transposedQueries() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.transpose("blk.1.attn_q.weight", rowCount: 64, columnCount: 64)
    let diagnosis = try diagnosis(CheckpointDiffTests.gqa, edited)
    #expect(diagnosis.fault == .transposed)
    #expect("\(diagnosis.subject)" == "layer 1 attention query")
  }

  @Test("an encoder is judged by its vector, and diagnosed")
  func encoder() throws {
    let folder = TemporaryFolder()
    let reference = try ArchitectureFixture.named("bert-bge").stage(in: folder)
    #expect(try Self.verify(reference, reference).passes)
    let edited = try EditedCheckpoint(reference)
    try edited.editBrainFloats("encoder.layer.1.output.LayerNorm.weight") { $0 * 1.02 }
    let verification = try Self.verify(reference, edited.path)
    #expect(verification.logits.output == .embedding && !verification.logits.hasSameBits)
    #expect(verification.logits.findings.contains { $0.check == "verify.bits" && $0.subject == .output(.embedding) })
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(diagnosis.fault == .scale && diagnosis.isConfirmed, "\(diagnosis)")
    // bfloat16 keeps the factor to three digits.
    #expect("\(diagnosis.subject)".hasPrefix("layer 1 ") && diagnosis.words.hasPrefix("is 1.01"), "\(diagnosis)")
  }

  @Test("an output matrix that the candidate ties to the embedding")
  func tiedInTheCandidate() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqa)
    try edited.replace(#""tie_word_embeddings": false"#, by: #""tie_word_embeddings": true "#, in: "config.json")
    try edited.remove("lm_head.weight")
    let diagnosis = try diagnosis(CheckpointDiffTests.gqa, edited)
    #expect(diagnosis.fault == .tiedOutput && "\(diagnosis.subject)" == "output" && diagnosis.stage == "the logits")
    #expect(diagnosis.words == "is tied to the token embedding, but is a separate matrix in the reference")
  }

  @Test("an output matrix of its own where the reference's is tied")
  func tiedInTheReference() throws {
    let reference = Fixtures.path("llama3-tied")
    let edited = try EditedCheckpoint(reference)
    try edited.replace(#""tie_word_embeddings": true"#, by: #""tie_word_embeddings":false"#, in: "config.json")
    try edited.duplicate("model.embed_tokens.weight", as: "lm_head.weight")
    #expect(try Self.verify(reference, edited.path).passes)
    try edited.edit("lm_head.weight") { $0.replaceSubrange(0..<$0.count / 2, with: $0[($0.count / 2)...]) }
    let diagnosis = try diagnosis(reference, edited)
    #expect(diagnosis.fault == .tiedOutput && "\(diagnosis.subject)" == "output" && diagnosis.stage == "the logits")
    #expect(
      diagnosis.words
        == "is a separate matrix with other values, but is tied to the token embedding in the reference")
  }
}

import Architectures
import Bytes
import Evaluation
import Models
import Testing
import TestSupport
import Verification

/// Faults planted into correct conversions: verify names the tensor or hyperparameter, the layer and the fault, and confirms
/// it.
@Suite("A diagnosis")
struct DiagnosisTests {
  private func verify(_ candidate: String, reference: String = CheckpointDiffTests.gqa) throws -> ModelVerification {
    let library = try ArchitectureLibrary.bundled()
    let ids = try #require(
      JSON(parsing: LocalFile(Fixtures.path("expected/llama-gqa/tokens.json")).wholeContent(limit: 1 << 20)).array)
    return try ModelVerification.verify(
      Model.open(reference, library: library), Model.open(candidate, library: library),
      tokens: TokenChunks(ids.compactMap(\.integer), length: 512))
  }

  /// The one diagnosis, which must be proven.
  private func diagnosis(_ edited: EditedCheckpoint) throws -> Diagnosis {
    let verification = try verify(edited.path)
    #expect(!verification.passes)
    #expect(verification.diagnoses.count == 1, "\(verification.diagnoses)")
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(diagnosis.isConfirmed, "\(diagnosis)")
    return diagnosis
  }

  @Test(
    "is absent for a correct conversion", arguments: [CheckpointDiffTests.gqaBF16, CheckpointDiffTests.gqaQ8])
  func correct(path: String) throws {
    let verification = try verify(path)
    #expect(verification.passes && verification.diagnoses.isEmpty, "\(verification.findings)")
  }

  @Test(
    "finds queries and keys without the RoPE permutation",
    arguments: [
      (CheckpointDiffTests.gqaBF16, "q", 8, "attention query"), (CheckpointDiffTests.gqaQ8, "q", 8, "attention query"),
      (CheckpointDiffTests.gqaQ8, "k", 2, "attention key"),
    ])
  func permutation(path: String, letter: String, headCount: Int, role: String) throws {
    let edited = try EditedCheckpoint(path)
    try edited.edit("blk.1.attn_\(letter).weight") { bytes in
      let rowCount = headCount * 8, width = bytes.count / rowCount
      bytes = (0..<rowCount).flatMap { row in
        let stored = RowOrder.interleaved(headCount: headCount).storedRow(ofCanonical: row, rowCount: rowCount)
        return bytes[stored * width..<(stored + 1) * width]
      }
    }
    let diagnosis = try diagnosis(edited)
    #expect(diagnosis.fault == .rotaryPermutation)
    #expect("\(diagnosis.subject)" == "layer 1 \(role)")
    #expect(diagnosis.words == "lacks the RoPE permutation of its naming scheme")
  }

  @Test(
    "finds a norm off by two percent or by one", arguments: [CheckpointDiffTests.gqaBF16, CheckpointDiffTests.gqaQ8])
  func norms(path: String) throws {
    let scaled = try EditedCheckpoint(path)
    try scaled.editFloats("blk.2.ffn_norm.weight") { values in for index in values.indices { values[index] *= 1.02 } }
    let scale = try diagnosis(scaled)
    #expect(scale.fault == .scale)
    #expect("\(scale.subject)" == "layer 2 feed forward norm")
    #expect(scale.words == "is 1.0200 times the reference's")

    let shifted = try EditedCheckpoint(path)
    try shifted.editFloats("blk.0.attn_norm.weight") { values in for index in values.indices { values[index] += 1 } }
    let offset = try diagnosis(shifted)
    #expect(offset.fault == .normOffset)
    #expect("\(offset.subject)" == "layer 0 attention norm")
  }

  @Test("finds a transposed square matrix")
  func transposed() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.transpose("blk.1.attn_output.weight", rowCount: 64, columnCount: 64)
    let diagnosis = try diagnosis(edited)
    #expect(diagnosis.fault == .transposed)
    #expect("\(diagnosis.subject)" == "layer 1 attention output")
  }

  @Test("finds two swapped tensors")
  func swapped() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    let gate = try EditedCheckpoint.bytes(of: "blk.1.ffn_gate.weight", in: CheckpointDiffTests.gqaBF16)
    let up = try EditedCheckpoint.bytes(of: "blk.1.ffn_up.weight", in: CheckpointDiffTests.gqaBF16)
    try edited.edit("blk.1.ffn_gate.weight") { $0 = up }
    try edited.edit("blk.1.ffn_up.weight") { $0 = gate }
    let diagnosis = try diagnosis(edited)
    #expect(diagnosis.fault == .swapped)
    #expect("\(diagnosis.subject)" == "layer 1 feed forward gate")
    #expect(diagnosis.otherSubjects.map(\.description) == ["layer 1 feed forward up"])
  }

  @Test(
    "finds other hyperparameters in the configuration",
    arguments: [
      ("10000.0", "50000.0", FaultID.rotaryBase, "is 10000.0 in the reference, 50000.0 in the candidate"),
      ("1e-05", "1e-02", .normEpsilon, "is 1e-05 in the reference, 0.01 in the candidate"),
    ])
  func numbers(text: String, other: String, fault: FaultID, words: String) throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqa)
    try edited.replace(text, by: other, in: "config.json")
    let diagnosis = try diagnosis(edited)
    #expect(diagnosis.fault == fault)
    #expect(diagnosis.words == words)
    #expect(diagnosis.stage == "layer 0")
    #expect(diagnosis.correctedError == 0)
  }

  @Test("finds weights that are wrong otherwise")
  func wrongWeights() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.edit("blk.1.attn_v.weight") { bytes in
      for index in stride(from: 1, to: bytes.count, by: 4) { bytes[index] ^= 0x80 }
    }
    let verification = try verify(edited.path)
    #expect(verification.diagnoses.map(\.fault) == [.weights])
    #expect(
      verification.findings.first?.message.hasPrefix(
        "has other weights than the reference: the reference's tensor reduces the error of layer 1 from ")
        == true)
  }

  @Test("reports a fault of all layers once")
  func allLayers() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    for layer in 0..<3 {
      for name in ["attn_norm", "ffn_norm"] {
        try edited.editFloats("blk.\(layer).\(name).weight") { values in
          for index in values.indices { values[index] -= 1 }
        }
      }
    }
    let diagnosis = try diagnosis(edited)
    #expect(diagnosis.fault == .normOffset)
    #expect("\(diagnosis.subject)" == "layer 0 attention norm")
    #expect(diagnosis.otherSubjects.count == 5)
    #expect(diagnosis.finding.message.contains(" and 4 others): "), "\(diagnosis.finding)")
  }

  @Test("finds the token embedding in place of the output matrix")
  func tiedOutput() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    let embedding = try EditedCheckpoint.bytes(of: "token_embd.weight", in: CheckpointDiffTests.gqaBF16)
    try edited.edit("output.weight") { $0 = embedding }
    let copied = try diagnosis(edited)
    #expect(copied.fault == .tiedOutput)
    #expect(copied.words == "contains the token embedding, but is a separate matrix in the reference")
    #expect(copied.stage == "the logits")
  }
}

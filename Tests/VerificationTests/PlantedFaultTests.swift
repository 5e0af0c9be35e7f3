import Architectures
import Bytes
import TestSupport
import Testing
import Verification

/// Faults that conversions have had, planted into a correct GGUF: each is found in its tensor.
@Suite("A planted fault")
struct PlantedFaultTests {
  /// The errors of comparing the folder with the faulty copy.
  private func errors(_ edited: EditedCheckpoint) throws -> [String] {
    try CheckpointDiffTests.compare(CheckpointDiffTests.gqa, edited.path).findings
      .filter { $0.severity == .error }.map(\.description)
  }

  @Test("is found for queries in Hugging Face's row order")
  func rowOrder() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    let unpermuted = try EditedCheckpoint.bytes(
      of: "model.layers.1.self_attn.q_proj.weight", in: CheckpointDiffTests.gqa)
    try edited.edit("blk.1.attn_q.weight") { $0 = unpermuted }
    let errors = try errors(edited)
    #expect(errors.count == 1)
    #expect(errors.first?.hasPrefix("layer 1 attention query: ") == true)
    let diff = try CheckpointDiffTests.compare(CheckpointDiffTests.gqa, edited.path, .byFormat)
    #expect(!diff.passes)
  }

  @Test("is found for a norm scaled by 2 %")
  func scaledNorm() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.editFloats("blk.2.ffn_norm.weight") { values in
      for index in values.indices { values[index] *= 1.02 }
    }
    let diff = try CheckpointDiffTests.compare(CheckpointDiffTests.gqa, edited.path, .byFormat)
    let wrong = diff.findings.filter { $0.severity == .error }
    #expect(wrong.map(\.subject.description) == ["layer 2 feed forward norm"])
    #expect(wrong.first?.message.hasPrefix("64 of 64 elements differ, at most ") == true)
    #expect(wrong.first?.message.hasSuffix(" (NMSE 4.00e-04)") == true, "\(wrong)")
  }

  @Test("is found for a missing tensor")
  func missingTensor() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.replace("blk.1.ffn_up.weight", by: "blk.1.ffn_xx.weight")
    #expect(
      try errors(edited) == [
        "layer 1 feed forward up: is missing in the candidate (\"model.layers.1.mlp.up_proj.weight\" in the reference)",
        "blk.1.ffn_xx.weight: is in the candidate only (\"blk.1.ffn_xx.weight\")",
        "coverage: compared 29 of 31 tensors, 178,624 of 199,104 elements",
      ])
  }

  @Test("is found for another RoPE base")
  func ropeBase() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqa)
    try edited.replace("10000.0", by: "50000.0", in: "config.json")
    #expect(
      try errors(edited) == ["rotary_base: is 10000.0 in the reference, 50000.0 in the candidate"])
  }

  @Test("is found for a RoPE scaling with another factor")
  func ropeScaling() throws {
    let folder = TemporaryFolder()
    let reference = try Fixtures.checkpoint("llama-linear", in: folder)
    let edited = try EditedCheckpoint(reference)
    let before = try CheckpointDiffTests.compare(reference, edited.path)
    #expect(before.passes)
    try edited.replace("\"factor\": 2.5", by: "\"factor\": 8.0", in: "config.json")
    let diff = try CheckpointDiffTests.compare(reference, edited.path)
    #expect(
      diff.findings.map(\.description) == ["rotary_scaling.factor: is 2.5 in the reference, 8.0 in the candidate"])
  }

  @Test("is found for NaN")
  func nan() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.editFloats("blk.0.attn_norm.weight") { $0[5] = .nan }
    let errors = try errors(edited)
    #expect(
      errors == [
        "layer 0 attention norm: 1 element is NaN or infinite on one side only, first at element 5"
      ])
  }

  @Test("is found for another shape")
  func shape() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqa)
    try edited.replace("\"shape\":[160,64]", by: "\"shape\":[64,160]")
    let errors = try errors(edited)
    #expect(errors.count == 2)
    #expect(errors.first?.hasSuffix("has shape 160 × 64 in the reference, 64 × 160 in the candidate") == true)
    #expect(errors.last == "coverage: compared 29 of 30 tensors, 178,624 of 188,864 elements")
  }

  @Test("is found for rows that do not split into heads")
  func heads() throws {
    let folder = try EditedCheckpoint(CheckpointDiffTests.gqa), meta = try EditedCheckpoint(Fixtures.path("meta"))
    try folder.replace(
      "self_attn.q_proj.weight\":{\"dtype\":\"BF16\",\"shape\":[64,64]",
      by: "self_attn.q_proj.weight\":{\"dtype\":\"BF16\",\"shape\":[8,512]")
    try meta.replace(
      "layers.0.attention.wq.weight\":{\"dtype\":\"BF16\",\"shape\":[64,64]",
      by: "layers.0.attention.wq.weight\":{\"dtype\":\"BF16\",\"shape\":[8,512]")
    // Rows that no permutation fits are compared as they lie, and differ; nothing is left out.
    let diff = try CheckpointDiffTests.compare(folder.path, meta.path)
    let errors = diff.findings.filter { $0.severity == .error }
    #expect(errors.map(\.subject.description) == ["layer 0 attention query"])
    #expect(errors.first?.message.contains(" of 4,096 elements differ, at most ") == true, "\(errors)")
    #expect(diff.coverage.isComplete)
  }

  @Test("is found for metadata of another kind")
  func metadataKind() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.replace("Llama Gqa", by: "Llama XYZ")
    let diff = try CheckpointDiffTests.compare(CheckpointDiffTests.gqaBF16, edited.path)
    #expect(
      diff.findings.map(\.description) == [
        "general.name: is \"Llama Gqa\" in the reference, \"Llama XYZ\" in the candidate"
      ])
    #expect(diff.findings.first?.severity == .note)
    #expect(diff.passes)
  }
}

import Bytes
import TestSupport
import Testing
import Verification

/// Faults in mixtures of experts and in attention with sinks.
@Suite("A planted fault of a router")
struct PlantedRouterFaultTests {
  private let folder = TemporaryFolder()

  private func stage(_ name: String) throws -> String { try ArchitectureFixture.named(name).stage(in: folder) }

  private func errors(_ reference: String, _ edited: EditedCheckpoint) throws -> [String] {
    try CheckpointDiffTests.compare(reference, edited.path).findings
      .filter { $0.severity == .error }.map(\.description)
  }

  @Test("is found for a lost bias of selection")
  func lostBias() throws {
    let reference = try stage("glm4-moe")
    let edited = try EditedCheckpoint(reference)
    try edited.replace("layers.1.mlp.gate.e_score_correction_bias", by: "layers.1.mlp.gate.e_score_correction_bixx")
    let errors = try errors(reference, edited)
    #expect(errors.contains { $0.hasPrefix("layer 1 expert selection bias: is missing in the candidate") }, "\(errors)")
  }

  @Test("is found for a bias of zeros, which chooses other experts")
  func zeroBias() throws {
    let reference = try stage("glm4-moe")
    let edited = try EditedCheckpoint(reference)
    try edited.editBrainFloats("model.layers.1.mlp.gate.e_score_correction_bias") { _ in 0 }
    let verification = try DiagnosedTensorsTests.verify(reference, edited.path)
    #expect(!verification.passes)
    #expect("\(try #require(verification.diagnoses.first).subject)" == "layer 1 expert selection bias")
  }

  @Test("is found for a softmax in place of the sigmoid")
  func softmax() throws {
    let reference = try stage("deepseek-v3")
    let edited = try EditedCheckpoint(reference)
    try edited.replace(#""scoring_func": "sigmoid""#, by: #""scoring_func": "softmax""#, in: "config.json")
    let verification = try DiagnosedTensorsTests.verify(reference, edited.path)
    #expect(!verification.passes)
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(diagnosis.fault == .hyperparameters && "\(diagnosis.subject)" == "router" && diagnosis.isConfirmed)
    #expect(diagnosis.words.contains("is sigmoid for 3 of 8 experts in 2 of 4 groups"), "\(diagnosis.words)")
    #expect(diagnosis.words.contains("softmax for 3 of 8 experts in 2 of 4 groups"), "\(diagnosis.words)")
  }

  @Test("is found for gate and up of an expert that are swapped")
  func swapped() throws {
    let reference = try stage("glm4-moe")
    let edited = try EditedCheckpoint(reference)
    let prefix = "model.layers.1.mlp.experts.1."
    let gate = try EditedCheckpoint.bytes(of: prefix + "gate_proj.weight", in: reference)
    let up = try EditedCheckpoint.bytes(of: prefix + "up_proj.weight", in: reference)
    try edited.edit(prefix + "gate_proj.weight") { $0 = up }
    try edited.edit(prefix + "up_proj.weight") { $0 = gate }
    let verification = try DiagnosedTensorsTests.verify(reference, edited.path)
    #expect(!verification.passes)
    #expect(verification.diagnoses.map(\.fault) == [.swapped])
  }

  @Test("is found for gate and up of gpt-oss one after the other instead of row by row")
  func concatenated() throws {
    let reference = try stage("gpt-oss")
    let edited = try EditedCheckpoint(reference)
    // [expert, in, gate and up in turn]: 4 × 32 × 64 of two bytes.
    try edited.edit("model.layers.1.mlp.experts.gate_up_proj") { bytes in
      let source = bytes
      for row in 0..<4 * 32 {
        for column in 0..<64 {
          let other = column % 2 * 32 + column / 2
          for byte in 0..<2 { bytes[(row * 64 + other) * 2 + byte] = source[(row * 64 + column) * 2 + byte] }
        }
      }
    }
    let verification = try DiagnosedTensorsTests.verify(reference, edited.path)
    #expect(!verification.passes)
    #expect(verification.diagnoses.allSatisfy { "\($0.subject)".hasPrefix("layer 1 expert") })
    #expect(!verification.diagnoses.isEmpty)
  }

  @Test("is found for lost sinks of attention")
  func lostSinks() throws {
    let reference = try stage("gpt-oss")
    let edited = try EditedCheckpoint(reference)
    try edited.replace("model.layers.2.self_attn.sinks", by: "model.layers.2.self_attn.sinkx")
    let errors = try errors(reference, edited)
    #expect(errors.contains { $0.hasPrefix("layer 2 attention sinks: is missing in the candidate") }, "\(errors)")
  }

  @Test("is found for sinks that take no share")
  func sinksWithoutShare() throws {
    let reference = try stage("gpt-oss")
    let edited = try EditedCheckpoint(reference)
    try edited.editBrainFloats("model.layers.1.self_attn.sinks") { _ in -1e30 }
    let verification = try DiagnosedTensorsTests.verify(reference, edited.path)
    #expect(!verification.passes)
    #expect("\(try #require(verification.diagnoses.first).subject)" == "layer 1 attention sinks")
  }
}

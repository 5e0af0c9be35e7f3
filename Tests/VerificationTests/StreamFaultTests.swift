import Architectures
import Evaluation
import Models
import TestSupport
import Testing
import Verification

/// Faults of models with several residual streams, low-rank branches and sparse gates.
@Suite("A diagnosis of residual streams")
struct StreamFaultTests {
  private let folder = TemporaryFolder()

  private func diagnosis(_ plant: (EditedCheckpoint) throws -> Void) throws -> Diagnosis {
    let library = try ArchitectureLibrary.bundled()
    let reference = try ArchitectureFixture.named("gemma3n").stage(in: folder)
    let edited = try EditedCheckpoint(reference)
    try plant(edited)
    let verification = try ModelVerification.verify(
      Model.open(reference, library: library), Model.open(edited.path, library: library),
      tokens: TokenChunks((0..<24).map { ($0 * 37 + 5) % 90 }, length: 512))
    #expect(!verification.passes)
    return try #require(verification.diagnoses.first)
  }

  /// The bytes of one tensor in another's place, and the other way round.
  private func swap(_ first: String, _ second: String) throws -> Diagnosis {
    try diagnosis { edited in
      var one: [UInt8] = [], other: [UInt8] = []
      try edited.edit(first) { one = $0 }
      try edited.edit(second) {
        other = $0
        $0 = one
      }
      try edited.edit(first) { $0 = other }
    }
  }

  @Test(
    "finds swapped tensors",
    arguments: [
      ("model.layers.1.altup.correction_coefs.weight", "model.layers.2.altup.correction_coefs.weight"),
      ("model.layers.1.altup.prediction_coefs.weight", "model.layers.3.altup.prediction_coefs.weight"),
      ("model.altup_projections.0.weight", "model.altup_projections.2.weight"),
      ("model.altup_unembed_projections.0.weight", "model.altup_unembed_projections.1.weight"),
    ])
  func swapped(first: String, second: String) throws {
    let diagnosis = try swap(first, second)
    #expect(diagnosis.fault == .swapped && diagnosis.isConfirmed && diagnosis.correctedError == 0, "\(diagnosis)")
  }

  @Test("finds swapped coefficients of a prediction")
  func rows() throws {
    // Rows of stream 0 and of stream 1, each of four bfloat16 values for each of four streams.
    let diagnosis = try diagnosis { edited in
      try edited.edit("model.layers.2.altup.prediction_coefs.weight") {
        $0 = Array($0[32..<64] + $0[..<32] + $0[64...])
      }
    }
    #expect(diagnosis.fault == .rows && diagnosis.isConfirmed, "\(diagnosis)")
  }

  @Test(
    "finds a lost scale",
    arguments: [
      "model.layers.1.altup.correct_output_scale", "model.layers.1.laurel.post_laurel_norm.weight",
      "model.layers.1.altup.router_norm.weight",
    ])
  func scale(name: String) throws {
    let diagnosis = try diagnosis { try $0.editBrainFloats(name) { $0 * 2 } }
    #expect(diagnosis.fault == .scale && diagnosis.isConfirmed && diagnosis.correctedError == 0, "\(diagnosis)")
  }

  @Test("finds tables and norms of layer inputs at the first layer")
  func layerInputs() throws {
    let diagnosis = try diagnosis { try $0.editBrainFloats("model.per_layer_projection_norm.weight") { $0 * 2 } }
    #expect(diagnosis.fault == .scale && diagnosis.isConfirmed && diagnosis.stage == "layer 0", "\(diagnosis)")
  }

  @Test("finds a gate that is not sparse")
  func sparsity() throws {
    let diagnosis = try diagnosis {
      try $0.replace("    0.95,", by: "    0.00,", in: "config.json")
    }
    #expect(diagnosis.fault == .hyperparameters && diagnosis.isConfirmed, "\(diagnosis)")
    #expect("\(diagnosis.subject)" == "activation sparsity", "\(diagnosis)")
  }

  @Test("finds another active stream")
  func active() throws {
    let diagnosis = try diagnosis {
      try $0.replace(#""altup_active_idx": 0"#, by: #""altup_active_idx": 1"#, in: "config.json")
    }
    #expect(diagnosis.fault == .hyperparameters && diagnosis.isConfirmed, "\(diagnosis)")
    #expect("\(diagnosis.subject)" == "residual streams", "\(diagnosis)")
  }
}

import Architectures
import Evaluation
import Models
import TestSupport
import Testing
import Verification

/// Faults of models whose layers share keys and values, and scale what they give.
@Suite("A diagnosis of layers")
struct SharedLayerFaultTests {
  private let folder = TemporaryFolder()

  private func diagnoses(_ reference: String, _ candidate: String) throws -> [Diagnosis] {
    let library = try ArchitectureLibrary.bundled()
    let verification = try ModelVerification.verify(
      Model.open(reference, library: library), Model.open(candidate, library: library),
      tokens: TokenChunks((0..<24).map { ($0 * 37 + 5) % 90 }, length: 512))
    #expect(!verification.passes)
    return verification.diagnoses
  }

  @Test("finds the scale of a layer that is lost")
  func lostScale() throws {
    let reference = try ArchitectureFixture.named("gemma4").stage(in: folder)
    let edited = try EditedCheckpoint(reference)
    try edited.editBrainFloats("model.layers.1.layer_scalar") { _ in 1 }
    let diagnosis = try #require(try diagnoses(reference, edited.path).first)
    #expect(diagnosis.fault == .scale && diagnosis.isConfirmed && diagnosis.correctedError == 0, "\(diagnosis)")
  }

  @Test("finds keys and values of another layer")
  func otherSource() throws {
    let reference = try ArchitectureFixture.named("gemma4-wide").stage(in: folder)
    let edited = try EditedCheckpoint(reference)
    try edited.replace(#""num_kv_shared_layers": 0"#, by: #""num_kv_shared_layers": 1"#, in: "config.json")
    let diagnosis = try #require(try diagnoses(reference, edited.path).first)
    #expect(diagnosis.fault == .hyperparameters && diagnosis.isConfirmed, "\(diagnosis)")
    #expect("\(diagnosis.subject)" == "layers that share keys and values", "\(diagnosis)")
  }

  @Test("finds a window in another layer")
  func otherWindow() throws {
    let reference = try ArchitectureFixture.named("gemma3").stage(in: folder)
    let edited = try EditedCheckpoint(reference)
    try edited.replace(#""sliding_window_pattern": 6"#, by: #""sliding_window_pattern": 2"#, in: "config.json")
    let diagnosis = try #require(try diagnoses(reference, edited.path).first)
    #expect("\(diagnosis.subject)" == "layers with a sliding window", "\(diagnosis)")
  }
}

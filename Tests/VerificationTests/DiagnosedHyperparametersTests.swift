import Architectures
import Bytes
import Evaluation
import Models
import Testing
import TestSupport
import Verification

/// Numbers, shapes and sizes that are not the reference's.
@Suite("A diagnosis of hyperparameters")
struct DiagnosedHyperparametersTests {
  private static let tokens = (0..<24).map { ($0 * 37 + 5) % 90 }
  private let folder = TemporaryFolder()

  private func verify(_ reference: String, _ candidate: String) throws -> ModelVerification {
    let library = try ArchitectureLibrary.bundled()
    return try ModelVerification.verify(
      Model.open(reference, library: library), Model.open(candidate, library: library),
      tokens: TokenChunks(Self.tokens, length: 512))
  }

  @Test(
    "is found for a RoPE scaling with another factor, or none",
    arguments: [
      ("llama-linear", #""factor": 2.5"#, #""factor": 8.0"#, #""factor":8.0"#),
      ("llama-yarn", #""factor": 4.0"#, #""factor": 2.0"#, #""factor":2.0"#),
      ("llama-linear", #""rope_scaling": {"#, #""rope_shaling": {"#, "none in the candidate"),
    ])
  func rotaryScaling(name: String, text: String, other: String, words: String) throws {
    let reference = try Fixtures.checkpoint(name, in: folder)
    let edited = try EditedCheckpoint(reference)
    try edited.replace(text, by: other, in: "config.json")
    let verification = try verify(reference, edited.path)
    #expect(!verification.passes)
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(
      diagnosis.fault == .rotaryScaling && "\(diagnosis.subject)" == "rotary scaling" && diagnosis.stage == "layer 0")
    #expect(diagnosis.words.contains(words) && diagnosis.isConfirmed && diagnosis.correctedError == 0, "\(diagnosis)")
  }

  @Test("ignores a multiplier of YaRN that has no effect without the other")
  func idleMultiplier() throws {
    let reference = try Fixtures.checkpoint("llama-yarn", in: folder)
    let edited = try EditedCheckpoint(reference)
    let text = "\"rope_type\": \"yarn\"\n  },\n  \"rope_theta\": 10000.0,"
    let other = #""rope_type":"yarn","mscale":2},"rope_theta":1e4,"#
    try edited.replace(
      text, by: other + String(repeating: " ", count: text.count - other.count), in: "config.json")
    #expect(try verify(reference, edited.path).passes)
  }

  @Test("fails for a hyperparameter whose effect is below the error of Q8_0")
  func aNumberBelowTheBudget() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    // llama.attention.layer_norm_rms_epsilon: 1e-05 becomes 1.2e-05.
    try edited.replaceNumber("llama.attention.layer_norm_rms_epsilon", Float(1e-5), by: Float(1.2e-5))
    let verification = try verify(CheckpointDiffTests.gqa, edited.path)
    #expect(verification.logits.passes)
    #expect(!verification.passes)
    #expect(verification.diagnoses.map(\.fault) == [.normEpsilon])
    #expect(verification.diagnoses.allSatisfy { $0.isConfirmed })
  }

  @Test("is found for a key that contradicts the others")
  func contradiction() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.replaceNumber("llama.rope.dimension_count", UInt32(8), by: UInt32(4))
    let verification = try verify(CheckpointDiffTests.gqa, edited.path)
    #expect(
      verification.findings.map(\.description) == [
        "llama.rope.dimension_count: is 4 in \(edited.path), but the other keys imply 8"
      ])
    #expect(!verification.passes)
  }

  @Test("is none for a list of layers that equals the pattern")
  func layerList() throws {
    let fixture = try ArchitectureFixture.named("smollm3")
    let reference = try fixture.stage(in: folder)
    let silent = try EditedCheckpoint(reference)
    try silent.replace(#""no_rope_layers""#, by: #""no_such_layers""#, in: "config.json")
    #expect(try verify(reference, silent.path).passes)
    let other = try EditedCheckpoint(silent.path)
    try other.replace(#""no_rope_layer_interval": 4"#, by: #""no_rope_layer_interval": 2"#, in: "config.json")
    #expect(try !verify(reference, other.path).passes)
  }

  @Test("is given for models of different sizes")
  func differentSizes() throws {
    let error = #expect(throws: LogitComparisonError.self) {
      try verify(Fixtures.checkpoint("llama-yarn", in: folder), CheckpointDiffTests.gqa)
    }
    #expect(
      error?.description
        == "vocabulary size: is 96 in the reference, 512 in the candidate, so their hidden states cannot be compared")
    #expect(error?.category == .check)
  }

  @Test("is given for a candidate whose tensors contradict them")
  func contradictingTensors() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaBF16)
    try edited.replaceNumber("llama.attention.head_count_kv", UInt32(2), by: UInt32(8))
    let error = #expect(throws: UnfitCandidate.self) { try verify(CheckpointDiffTests.gqa, edited.path) }
    #expect(error?.category == .check)
    #expect(
      error?.description.contains(#"tensor "blk.0.attn_k.weight": has shape 16 × 64, expected 64 × 64"#) == true,
      "\(String(describing: error))")
  }

  @Test("is found for RoPE factors of another base")
  func ropeFactors() throws {
    let original = Fixtures.path("expected", "llama3-tied", "llama3-tied-q8_0.gguf")
    let edited = try EditedCheckpoint(original)
    try edited.replaceNumber("llama.rope.freq_base", Float(500_000), by: Float(10_000))
    let verification = try verify(Fixtures.path("llama3-tied"), edited.path)
    #expect(!verification.passes)
    #expect(
      verification.findings.contains {
        $0.message
          == #"tensor "rope_freqs.weight": its RoPE factors match no known llama3 scaling with the RoPE"#
          + " base 10000.0: with 500,000 they would, so the base is probably wrong"
      }, "\(verification.findings.map(\.description))")
    #expect(verification.diagnoses.map(\.fault) == [.rotaryBase], "\(verification.findings.map(\.description))")
    #expect(verification.diagnoses.map(\.isConfirmed) == [true])
  }
}

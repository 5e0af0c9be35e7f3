import Architectures
import Tensors
import TestSupport
import Testing
import Verification

/// Faults of gated delta nets and of gated attention: each is found, named and confirmed.
@Suite("A fault of a recurrent model")
struct RecurrentFaultTests {
  private let folder = TemporaryFolder()

  private func reference() throws -> String { try ArchitectureFixture.named("qwen3-5").stage(in: folder) }

  /// The reference converter's file: 4 value heads of width 16 in tiles of 2, one attention layer with 2 heads of width 32.
  private static let gguf = Fixtures.path("expected", "qwen3-5", "qwen3-5-q8_0.gguf")
  /// Bytes of a row of 32 weights in Q8_0.
  private static let width = 34

  private func diagnosis(_ edited: EditedCheckpoint, _ subject: String) throws -> Diagnosis {
    let verification = try DiagnosedTensorsTests.verify(reference(), edited.path)
    #expect(!verification.passes)
    let diagnosis = try #require(verification.diagnoses.first, "\(verification.findings)")
    #expect(verification.diagnoses.count == 1 && diagnosis.isConfirmed, "\(verification.diagnoses)")
    #expect("\(diagnosis.subject)" == subject)
    return diagnosis
  }

  private static func swapRows(_ bytes: inout [UInt8], _ one: Range<Int>, _ other: Range<Int>, width: Int) {
    let ranges = [one, other].map { $0.lowerBound * width..<$0.upperBound * width }
    let (first, second) = (Array(bytes[ranges[0]]), Array(bytes[ranges[1]]))
    bytes.replaceSubrange(ranges[0], with: second)
    bytes.replaceSubrange(ranges[1], with: first)
  }

  @Test("is not found in a correct file")
  func correct() throws {
    let verification = try DiagnosedTensorsTests.verify(reference(), Self.gguf)
    #expect(verification.passes && verification.diagnoses.isEmpty, "\(verification.diagnoses)")
  }

  @Test("value heads that are grouped instead of tiled")
  func grouped() throws {
    let edited = try EditedCheckpoint(Self.gguf)
    try edited.edit("blk.1.ssm_alpha.weight") { Self.swapRows(&$0, 1..<2, 2..<3, width: Self.width) }
    let diagnosis = try diagnosis(edited, "layer 1 recurrent decay")
    #expect(diagnosis.fault == .headTiles)
    #expect(diagnosis.words == "has its value heads grouped by key head, expected tiles")
  }

  @Test("columns of the output in another order of heads")
  func columns() throws {
    let edited = try EditedCheckpoint(reference())
    // 32 rows of 64 columns in BF16: heads 1 and 2 of each row.
    try edited.edit("model.layers.2.linear_attn.out_proj.weight") { bytes in
      for row in 0..<32 { Self.swapRows(&bytes, 4 * row + 1..<4 * row + 2, 4 * row + 2..<4 * row + 3, width: 32) }
    }
    #expect(try diagnosis(edited, "layer 2 recurrent output").fault == .headTiles)
  }

  @Test("decay rates without the negative exponential")
  func logarithms() throws {
    let edited = try EditedCheckpoint(Self.gguf)
    try edited.editFloats("blk.0.ssm_a") { values in
      values = values.map { Float(DeterministicMath.naturalLogarithm(Double(-$0))) }
    }
    let diagnosis = try diagnosis(edited, "layer 0 recurrent decay rate")
    #expect(diagnosis.fault == .negativeExponential)
    #expect(diagnosis.words == "lacks the negative exponential of its naming scheme")
  }

  @Test("a lost bias of the decay")
  func lostBias() throws {
    let edited = try EditedCheckpoint(Self.gguf)
    try edited.editFloats("blk.2.ssm_dt.bias") { $0 = $0.map { _ in 0 } }
    _ = try diagnosis(edited, "layer 2 recurrent decay bias")
  }

  @Test("queries and their gate one after the other, not head by head")
  func concatenatedGate() throws {
    let edited = try EditedCheckpoint(Self.gguf)
    try edited.edit("blk.3.attn_q.weight") { Self.swapRows(&$0, 32..<64, 64..<96, width: Self.width) }
    #expect(try diagnosis(edited, "layer 3 attention query").fault == .fusionOrder)
  }

  @Test("queries and their gate in each other's place")
  func swappedGate() throws {
    let edited = try EditedCheckpoint(Self.gguf)
    try edited.edit("blk.3.attn_q.weight") { bytes in
      Self.swapRows(&bytes, 0..<32, 32..<64, width: Self.width)
      Self.swapRows(&bytes, 64..<96, 96..<128, width: Self.width)
    }
    #expect(try diagnosis(edited, "layer 3 attention query").fault == .swapped)
  }

  @Test("a lost layer that predicts more tokens")
  func lostPrediction() throws {
    let edited = try EditedCheckpoint(Self.gguf)
    try edited.replace("blk.4.nextn.eh_proj.weight", by: "blk.4.nextn.eh_xxxx.weight")
    #expect(try !CheckpointDiffTests.compare(reference(), edited.path, .byFormat).passes)
  }
}

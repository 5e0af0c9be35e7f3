import Architectures
import Bytes
import Models
import Quantization
import Testing
import TestSupport
import Verification

/// The error of quantizing the reference decides if a default limit is exceeded, also row by row.
@Suite("The baseline error")
struct BaselineErrorTests {
  private static let output = "lm_head.weight"

  /// llama-gqa with other values in its output matrix, and its Q8_0 with the same values encoded.
  private func pair(
    _ value: (_ row: Int, _ column: Int) -> Float
  ) throws -> (reference: EditedCheckpoint, candidate: EditedCheckpoint) {
    let reference = try EditedCheckpoint(CheckpointDiffTests.gqa)
    let candidate = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    // bfloat16 by truncation, so that both sides start from the same values.
    let values = (0..<512 * 64).map { Float(bitPattern: value($0 / 64, $0 % 64).bitPattern & 0xFFFF_0000) }
    try reference.edit(Self.output) { bytes in
      bytes = values.flatMap { [UInt8(truncatingIfNeeded: $0.bitPattern >> 16), UInt8($0.bitPattern >> 24)] }
    }
    try candidate.edit("output.weight") { $0 = try Codec.encode(.q8_0, values) }
    return (reference, candidate)
  }

  @Test("predictions so flat that eight bits change most of them")
  func flatPredictions() throws {
    let (reference, candidate) = try pair { row, column in
      Float(column % 7) * 0.02 - 0.05 + Float((row * 31 + column * 17) % 13) * 0.0005
    }
    let verification = try DiagnosedTensorsTests.verify(reference.path, candidate.path)
    #expect(verification.logits.topOneAgreement < 0.9)
    #expect(
      verification.logits.budget.reason.hasPrefix(
        "the default for Q8_0, or twice the error of quantizing the reference to the same formats: kl "))
    #expect(verification.passes, "\(verification.findings)")
    #expect(verification.diagnoses == [])
    // A budget that the user gives is not raised.
    var options = ModelVerification.Options()
    options.logits.budget = try Budget(parsing: "top1=0.9", metrics: Budget.Metric.ofLogits)
    #expect(try !DiagnosedTensorsTests.verify(reference.path, candidate.path, options: options).passes)
  }

  @Test("an outlier in every block costs more than the limit of the format")
  func outliers() throws {
    let (reference, candidate) = try pair { row, column in
      // An eighth bit is worth 8 / 127, so what is below half of that is lost.
      column % 32 == 5 ? 8 : 0.02 + Float((row * 31 + column * 17) % 13) * 0.0008
    }
    let diff = try CheckpointDiffTests.compare(reference.path, candidate.path, .byFormat)
    let tensor = try #require(diff.tensors.first { $0.identity == .slot(TensorSlot(.output)) })
    let error = try #require(tensor.metrics).normalizedMeanSquareError
    #expect(error > 1e-4)
    #expect(tensor.baselineError == error)
    #expect(diff.passes, "\(diff.findings)")
    // What is three times as far off is none of it.
    try candidate.edit("output.weight") { bytes in
      for block in 0..<bytes.count / 34 where block % 3 == 0 { bytes[block * 34 + 2] = bytes[block * 34 + 2] &+ 12 }
    }
    let other = try CheckpointDiffTests.compare(reference.path, candidate.path, .byFormat)
    let finding = try #require(
      other.findings.first { $0.check == "diff.budget" && $0.subject == .slot(TensorSlot(.output)) })
    #expect(finding.message.contains(" (or twice the error of quantizing the reference to this format: "), "\(finding)")
  }

  @Test("one lost row of five hundred, which four bits would drown in the tensor's error")
  func aLostRow() throws {
    let edited = try EditedCheckpoint(CheckpointDiffTests.gqaQ8)
    try edited.edit("token_embd.weight") { bytes in for index in 70 * 68..<71 * 68 { bytes[index] = 0 } }
    let diff = try CheckpointDiffTests.compare(CheckpointDiffTests.gqa, edited.path, .byFormat)
    let rows = diff.findings.filter { $0.check == "diff.rows" }
    #expect(rows.map(\.subject.description) == ["token embedding"])
    #expect(
      rows.first?.message.hasPrefix("row 70 differs (nmse of row 70: 1.00, expected about ") == true,
      "\(rows)")
    #expect(diff.tensors.flatMap(\.wrongRows).map(\.row) == [70])
  }
}

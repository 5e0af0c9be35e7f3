import TestSupport
import Testing
import Verification

/// Rows that are lost, shifted, or swapped.
@Suite("A diagnosis of rows")
struct DiagnosedRowsTests {
  /// The one diagnosis of an edited llama-gqa, whose rows are of `width` bytes.
  private func diagnosis(_ path: String, _ tensor: String, _ change: (inout [UInt8]) -> Void) throws -> Diagnosis {
    let edited = try EditedCheckpoint(path)
    try edited.edit(tensor) { change(&$0) }
    let verification = try DiagnosedTensorsTests.verify(CheckpointDiffTests.gqa, edited.path)
    #expect(!verification.passes)
    #expect(verification.diagnoses.count == 1, "\(verification.diagnoses)")
    let diagnosis = try #require(verification.diagnoses.first)
    #expect(diagnosis.fault == .rows && diagnosis.isConfirmed, "\(diagnosis)")
    return diagnosis
  }

  /// Bytes of a row of 64 weights.
  private static let width = [CheckpointDiffTests.gqaBF16: 128, CheckpointDiffTests.gqaQ8: 68]

  @Test("two swapped heads", arguments: [CheckpointDiffTests.gqaBF16, CheckpointDiffTests.gqaQ8])
  func exchangedHeads(path: String) throws {
    let width = try #require(Self.width[path]) * 8
    let diagnosis = try diagnosis(path, "blk.2.attn_q.weight") { bytes in
      let one = Array(bytes[width..<2 * width]), other = Array(bytes[5 * width..<6 * width])
      bytes.replaceSubrange(width..<2 * width, with: other)
      bytes.replaceSubrange(5 * width..<6 * width, with: one)
    }
    #expect("\(diagnosis.subject)" == "layer 2 attention query")
    #expect(diagnosis.words == "has swapped rows: 16 of 64 rows, rows 8 to 47")
  }

  @Test("an embedding that begins one row late", arguments: [CheckpointDiffTests.gqaBF16, CheckpointDiffTests.gqaQ8])
  func shiftedEmbedding(path: String) throws {
    let width = try #require(Self.width[path])
    let diagnosis = try diagnosis(path, "token_embd.weight") { bytes in
      bytes = Array(bytes[(bytes.count - width)...] + bytes[..<(bytes.count - width)])
    }
    #expect("\(diagnosis.subject)" == "token embedding" && diagnosis.stage == "the embedding")
    #expect(diagnosis.words == "has its rows shifted by 1: row 1 contains row 0")
  }

  @Test("eight rows of zeros", arguments: [CheckpointDiffTests.gqaBF16, CheckpointDiffTests.gqaQ8])
  func lostRows(path: String) throws {
    let width = try #require(Self.width[path])
    let diagnosis = try diagnosis(path, "blk.0.ffn_up.weight") { bytes in
      for index in 40 * width..<48 * width { bytes[index] = 0 }
    }
    #expect("\(diagnosis.subject)" == "layer 0 feed forward up")
    #expect(diagnosis.words == "has rows of zeros: 8 of 160 rows, rows 40 to 47")
  }
}

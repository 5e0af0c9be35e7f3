import Bytes
import Encodings
import Tensors
import TestSupport
import Testing

@Suite("Errors of encoded tensors")
struct EncodingErrorGroupTests {
  private func encoded(_ parts: [(String, String, [Int])]) throws -> EncodedCheckpoint {
    try EncodedExample(
      parts.map { EncodedExample.Part($0.0, $0.1, $0.2) },
      configuration:
        #"{"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm"}}"#
    ).encoded
  }

  @Test("are one line if they have one cause, and several if not")
  func grouping() throws {
    let matrices = ["a", "b", "c"].flatMap { [("\($0).qweight", "I32", [96, 4]), ("\($0).scales", "F16", [3, 32])] }
    let missing = try encoded(matrices)
    #expect(missing.problems.count == 3)
    let group = try #require(missing.groupedProblems.first)
    #expect(missing.groupedProblems.count == 1 && group.constituents.count == 3)
    #expect(
      group.description
        == #"is quantized by AWQ (4 bits, groups of 32; quantization_config.quant_method "awq"), of which 3 tensors"#
        + #" cannot be decoded for one reason; first: tensor "a.qweight": has no "a.qzeros", which its codes need (fetch"#
        + " the model again)")
    let others = try encoded(
      Array(matrices.prefix(2)) + [
        ("b.qweight", "I32", [96, 4]), ("b.qzeros", "F16", [3, 4]), ("b.scales", "F16", [3, 32]),
      ])
    #expect(others.problems.count == 2 && others.groupedProblems.count == 2)
    #expect(others.groupedProblems.allSatisfy { $0 is EncodingError })
  }
}

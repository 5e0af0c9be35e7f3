import Bytes
import Encodings
import Tensors
import TestSupport
import Testing

@Suite("AutoRound matrices")
struct AutoRoundTests {
  private static let original = "which is not read (convert the model that it was made from)"

  struct Packing: Sendable {
    let format: String, method: String, name: String
  }

  @Test(
    "are unpacked as their packing format says",
    arguments: [
      Packing(format: "auto_round:auto_gptq", method: "gptq", name: "asymmetric_4"),
      Packing(format: "auto_round:auto_gptq:exllamav2", method: "gptq", name: "asymmetric_3"),
      Packing(format: "auto_round:gptq", method: "gptq", name: "asymmetric_8"),
      Packing(format: "auto_round", method: "gptq", name: "asymmetric_v2_4"),
      Packing(format: "auto_round:exllamav2", method: "gptq", name: "asymmetric_v2_3"),
      Packing(format: "auto_round:gptqmodel", method: "gptq", name: "asymmetric_v2_8"),
      Packing(format: "auto_round:auto_awq", method: "awq", name: "every_zero_point"),
      Packing(format: "auto_round:awq:gemm", method: "awq", name: "groups"),
    ])
  func packing(_ packing: Packing) throws {
    let bits = packing.method == "awq" ? 4 : try #require(packing.name.last?.wholeNumberValue)
    let fixture = try PackedFixture(
      packing.method, packing.name,
      quantization: .members([
        "quant_method": .string("auto-round"), "bits": .integer(bits), "group_size": .integer(32), "sym": .bool(false),
        "data_type": .string("int"), "packing_format": .string(packing.format),
      ]))
    #expect(fixture.encoded.problems.isEmpty)
    #expect(try fixture.composition().description == "AutoRound, \(bits) bits, groups of 32")
    #expect(try fixture.decoded(0..<32) == fixture.expected(0..<32))
  }

  static let refusals = [
    PackedHeader(
      #"is quantized by AutoRound with packing_format "auto_round:fp8_static", \#(original)"#,
      #"{"quant_method":"auto-round","bits":4,"packing_format":"auto_round:fp8_static"}"#, PackedHeader.gptq),
    PackedHeader(
      #"is quantized by AutoRound with packing_format "auto_round:llm_compressor", \#(original)"#,
      #"{"quant_method":"intel/auto-round","bits":4,"packing_format":"auto_round:llm_compressor"}"#,
      PackedHeader.gptq),
    PackedHeader(
      #"is quantized by AutoRound with data_type "mx_fp", \#(original)"#,
      #"{"quant_method":"auto-round","bits":4,"data_type":"mx_fp","packing_format":"auto_round"}"#,
      PackedHeader.gptq),
    PackedHeader(
      #"is quantized by AutoRound with act_bits "8", \#(original)"#,
      #"{"quant_method":"auto-round","bits":4,"act_bits":8,"packing_format":"auto_round"}"#, PackedHeader.gptq),
    PackedHeader(
      #"is quantized with data_type "nv_fp" for some modules (quantization_config.extra_config.q), \#(original)"#,
      #"{"quant_method":"auto-round","bits":4,"packing_format":"auto_round","extra_config":{"q":{"data_type":"nv_fp"}}}"#,
      PackedHeader.gptq),
    PackedHeader(
      #"config.json: quantization_config.packing_format: expected a string such as "auto_round:auto_gptq""#,
      #"{"quant_method":"auto-round","bits":4}"#, PackedHeader.gptq),
    PackedHeader(
      "is quantized by AutoRound to 5 bits, \(original)",
      #"{"quant_method":"auto-round","bits":5,"packing_format":"auto_round"}"#, PackedHeader.gptq),
  ]

  @Test("are refused for other packing formats", arguments: refusals)
  func refused(header: PackedHeader) throws { try header.expectProblem() }
}

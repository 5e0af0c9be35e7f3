import Encodings
import TestSupport
import Testing

@Suite("AWQ matrices that cannot be decoded")
struct AWQProblemTests {
  private static let stated = #"{"quant_method":"awq","bits":4,"group_size":32,"zero_point":true,"version":"gemm"}"#
  private static let original = "which is not read (convert the model that it was made from)"
  private static let shape = #" for "q.qweight" of shape 96 × 4"#

  static let configurations = [
    PackedHeader(
      #"is quantized by AWQ in the layout "gemv", \#(original)"#,
      #"{"quant_method":"awq","bits":4,"group_size":32,"version":"gemv"}"#, PackedHeader.awq),
    PackedHeader(
      #"is quantized by AWQ in the layout "GEMV_FAST", \#(original)"#,
      #"{"quant_method":"awq","bits":4,"group_size":32,"version":"GEMV_FAST"}"#, PackedHeader.awq),
    PackedHeader(
      #"is quantized by AWQ in the layout "marlin", \#(original)"#,
      #"{"quant_method":"awq","bits":4,"group_size":32,"version":"marlin"}"#, PackedHeader.awq),
    PackedHeader(
      #"is quantized by AWQ in the layout "llm-awq", \#(original)"#,
      #"{"quant_method":"awq","bits":4,"group_size":32,"backend":"llm-awq"}"#, PackedHeader.awq),
    PackedHeader(
      "is quantized by AWQ to 8 bits, \(original)", #"{"quant_method":"awq","w_bit":8,"q_group_size":32}"#,
      PackedHeader.awq),
    PackedHeader(
      #"config.json: quantization_config.q_group_size: expected 32, by the shape of tensor "q.scales""#,
      #"{"quant_method":"awq","w_bit":4,"q_group_size":64}"#, PackedHeader.awq),
  ]

  static let layouts = [
    PackedHeader(
      #"is quantized by AWQ, but tensor "q.qweight" is packed for the kernel gemv, \#(original)"#, stated,
      [("q.qweight", "I32", [64, 16]), ("q.qzeros", "I32", [64, 1]), ("q.scales", "F16", [64, 8])]),
    PackedHeader(
      #"is quantized by AWQ in the layout of gemv_fast (tensor "q.qweight" is I16), \#(original)"#, stated,
      [("q.qweight", "I16", [8, 96]), ("q.qzeros", "F16", [8, 32]), ("q.scales", "F16", [8, 32])]),
    PackedHeader(
      #"is quantized by AWQ, but tensor "q.qweight" is packed for GPTQ, \#(original)"#, stated, PackedHeader.bare),
    PackedHeader(
      #"is quantized by AWQ, but tensor "q.qweight" is packed for Marlin's kernels, \#(original)"#, stated,
      [("q.qweight", "I32", [6, 64]), ("q.qzeros", "I32", [3, 4]), ("q.scales", "F16", [3, 32])]),
  ]

  static let tensors = [
    PackedHeader(
      #"tensor "q.qweight": has no "q.qzeros", which its codes need (fetch the model again)"#, stated,
      PackedHeader.awq, [("q.qzeros", "", [])]),
    PackedHeader(
      #"tensor "q.qweight": has no "q.scales", which its codes need (fetch the model again)"#, stated,
      PackedHeader.awq, [("q.scales", "", [])]),
    PackedHeader(
      #"tensor "q.qzeros": has shape 3 × 3, expected 3 × 4\#(shape)"#, stated, PackedHeader.awq,
      [("q.qzeros", "I32", [3, 3])]),
    PackedHeader(
      #"tensor "q.qzeros": is stored as F16, expected I32\#(shape)"#, stated, PackedHeader.awq,
      [("q.qzeros", "F16", [3, 4])]),
    PackedHeader(
      #"tensor "q.scales": has shape 3 × 30, expected 3 × 32\#(shape)"#, stated, PackedHeader.awq,
      [("q.scales", "F16", [3, 30])]),
    PackedHeader(
      #"tensor "q.scales": is stored as U8, expected F16 or BF16\#(shape)"#, stated, PackedHeader.awq,
      [("q.scales", "U8", [3, 32])]),
    PackedHeader(
      #"tensor "q.qweight": has shape 96 × 0, expected two dimensions above 0"#, stated, PackedHeader.awq,
      [("q.qweight", "I32", [96, 0])]),
    PackedHeader(
      #"tensor "q.scales": has shape 5 × 32, expected 3 × 32 (groups of 32)\#(shape)"#, stated, PackedHeader.awq,
      [("q.scales", "F16", [5, 32]), ("q.qzeros", "I32", [5, 4])]),
  ]

  @Test("are refused for what their configuration says", arguments: configurations)
  func configuration(header: PackedHeader) throws { try header.expectProblem() }

  @Test("are refused if shapes show another layout", arguments: layouts)
  func layout(header: PackedHeader) throws { try header.expectProblem() }

  @Test("are refused for a tensor that does not fit", arguments: tensors)
  func tensor(header: PackedHeader) throws { try header.expectProblem() }

  @Test("need no zero points if they are symmetric")
  func symmetric() throws {
    let header = PackedHeader(
      nil, #"{"quant_method":"awq","bits":4,"group_size":32,"zero_point":false}"#, PackedHeader.awq,
      [("q.qzeros", "", [])])
    let composition = try #require(header.encoded().checkpoint.tensors.first?.composition)
    #expect(composition.sources.map(\.name.text) == ["q.qweight", "q.scales"])
  }
}

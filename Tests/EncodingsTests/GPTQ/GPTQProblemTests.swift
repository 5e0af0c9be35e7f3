import Encodings
import TestSupport
import Testing

@Suite("GPTQ matrices that cannot be decoded")
struct GPTQProblemTests {
  private static let stated = #"{"quant_method":"gptq","bits":4,"group_size":32}"#
  private static let original = "which is not read (convert the model that it was made from)"
  private static let configurationNeeded =
    "which is not read (put the model's config.json or quantize_config.json next to the file)"
  private static let shape = #" for "q.qweight" of shape 12 × 32"#

  static let configurations = [
    PackedHeader(
      #"config.json: quantization_config.bits: expected 4, by the shape of tensor "q.qzeros""#,
      #"{"quant_method":"gptq","bits":8,"group_size":32}"#, PackedHeader.gptq),
    PackedHeader(
      #"config.json: quantization_config.group_size: expected 32, by the shape of tensor "q.scales""#,
      #"{"quant_method":"gptq","bits":4,"group_size":128}"#, PackedHeader.gptq),
    PackedHeader(
      "config.json: quantization_config.bits: expected a number of bits", #"{"quant_method":"gptq","bits":"four"}"#,
      PackedHeader.gptq),
    PackedHeader(
      "config.json: quantization_config.group_size: expected an integer above 0, or -1 for one group",
      #"{"quant_method":"gptq","bits":4,"group_size":0}"#, PackedHeader.gptq),
    PackedHeader(
      "is quantized by GPTQ in 5 bits, \(original)", #"{"quant_method":"gptq","bits":5,"group_size":32}"#,
      PackedHeader.gptq),
    PackedHeader(
      #"is quantized by GPTQ in the format "gptq_p", \#(original)"#,
      #"{"quant_method":"gptq","bits":4,"group_size":32,"checkpoint_format":"gptq_p"}"#, PackedHeader.gptq),
    PackedHeader(
      #"is quantized by GPTQ in the format "marlin", \#(original)"#,
      #"{"quant_method":"gptq","bits":4,"group_size":32,"format":"marlin"}"#, PackedHeader.gptq),
    PackedHeader(
      #"is quantized by GPTQ in the format "marlin", \#(original)"#,
      #"{"quant_method":"gptq","bits":4,"group_size":32,"is_marlin_format":true}"#, PackedHeader.gptq),
    PackedHeader(
      #"is quantized by GPTQ in words of type "int16", \#(original)"#,
      #"{"quant_method":"gptq","bits":4,"group_size":32,"pack_dtype":"int16"}"#, PackedHeader.gptq),
    PackedHeader(
      "config.json: quantization_config.dynamic.+:a: expected an object",
      #"{"quant_method":"gptq","bits":4,"group_size":32,"dynamic":{"-:b":{},"+:a":4}}"#, PackedHeader.gptq),
    PackedHeader(
      #"is quantized with format "gptq_p" for some modules (quantization_config.dynamic.+:a), \#(original)"#,
      #"{"quant_method":"gptq","bits":4,"group_size":32,"dynamic":{"+:a":{"format":"gptq_p"}}}"#, PackedHeader.gptq),
    PackedHeader(
      "config.json: quantization_config.dynamic.+:a.group_size: expected an integer above 0, or -1 for one group",
      #"{"quant_method":"gptq","bits":4,"group_size":32,"dynamic":{"+:a":{"group_size":1.5}}}"#, PackedHeader.gptq),
  ]

  static let tensors = [
    PackedHeader(
      #"tensor "q.qweight": has no "q.scales", which its codes need (fetch the model again)"#, stated,
      PackedHeader.gptq, [("q.scales", "", [])]),
    PackedHeader(
      #"tensor "q.qweight": has no "q.qzeros", which its codes need (fetch the model again)"#, stated,
      PackedHeader.gptq, [("q.qzeros", "", [])]),
    PackedHeader(
      #"tensor "q.scales": is stored as I32, expected F16, BF16 or F32\#(shape)"#, stated, PackedHeader.gptq,
      [("q.scales", "I32", [3, 32])]),
    PackedHeader(
      #"tensor "q.qweight": is stored as I64, expected I32"#, stated, PackedHeader.gptq,
      [("q.qweight", "I64", [12, 32])]),
    PackedHeader(
      #"tensor "q.qweight": has shape 384, expected two dimensions above 0"#, stated, PackedHeader.gptq,
      [("q.qweight", "I32", [384])]),
    PackedHeader(
      #"tensor "q.qzeros": has shape 0 × 4, expected two dimensions above 0\#(shape)"#, stated, PackedHeader.gptq,
      [("q.qzeros", "I32", [0, 4])]),
    PackedHeader(
      #"tensor "q.scales": has shape 3 × 31, expected 3 × 32\#(shape)"#, stated, PackedHeader.gptq,
      [("q.scales", "F16", [3, 31])]),
    PackedHeader(
      #"tensor "q.qzeros": has shape 3 × 5, expected 3 × 4 (4 bits)\#(shape)"#, stated, PackedHeader.gptq,
      [("q.qzeros", "I32", [3, 5])]),
    PackedHeader(
      #"tensor "q.qzeros": has shape 2 × 4, expected 3 × 4 (4 bits)\#(shape)"#, stated, PackedHeader.gptq,
      [("q.qzeros", "I32", [2, 4])]),
    PackedHeader(
      #"tensor "q.g_idx": has shape 97, expected 96\#(shape)"#, stated,
      PackedHeader.gptq, [("q.g_idx", "I32", [97])]),
    PackedHeader(
      #"tensor "q.g_idx": is stored as F32, expected I32\#(shape)"#, stated, PackedHeader.gptq,
      [("q.g_idx", "F32", [96])]),
    PackedHeader(
      #"tensor "q.qzeros": has shape 3 × 5, expected 3 × 2 (2 bits) or 3 × 3 (3 bits) or 3 × 4 (4 bits) or 3 × 8"#
        + #" (8 bits)\#(shape)"#, nil, PackedHeader.bare, [("q.qzeros", "I32", [3, 5])]),
  ]

  static let layouts = [
    PackedHeader(
      #"is quantized by GPTQ, but tensor "q.qweight" is packed for Marlin's kernels, \#(original)"#, stated,
      PackedHeader.gptq, [("q.qweight", "I32", [6, 64])]),
    PackedHeader(
      #"is quantized by GPTQ, but tensor "q.qweight" is packed for AWQ, \#(original)"#, stated, PackedHeader.awq),
    // 96 columns in two groups: 64 and 32, or 48 each.
    PackedHeader(
      #"is quantized by GPTQ in groups of 48 or 64, which the shapes of "q.qweight" leave open, \#(configurationNeeded)"#,
      nil, PackedHeader.bare, [("q.qzeros", "I32", [2, 4]), ("q.scales", "F16", [2, 32])]),
    PackedHeader(
      #"is quantized by GPTQ to 2 or 3 or 4 bits, which the shapes of "q.qweight" leave open, \#(configurationNeeded)"#,
      nil, [("q.qweight", "I32", [3, 8]), ("q.qzeros", "I32", [1, 1]), ("q.scales", "F16", [1, 8])]),
  ]

  @Test("are refused for what their configuration says", arguments: configurations)
  func configuration(header: PackedHeader) throws { try header.expectProblem() }

  @Test("are refused for a tensor that does not fit", arguments: tensors)
  func tensor(header: PackedHeader) throws { try header.expectProblem() }

  @Test("are refused if shapes show another layout, or leave it open", arguments: layouts)
  func layout(header: PackedHeader) throws { try header.expectProblem() }

  @Test(
    "are not refused for what is stated for some modules",
    arguments: [
      #"{"quant_method":"gptq","bits":8,"group_size":32,"dynamic":{"+:.*q":{"bits":4},"-:.*k":{}}}"#,
      #"{"quant_method":"gptq","bits":4,"group_size":128,"dynamic":{".*q":{"group_size":32}}}"#,
      #"{"quant_method":"gptq","bits":4,"group_size":32,"lm_head":true,"modules_in_block_to_quantize":[["q"]]}"#,
      #"{"quant_method":"gptq"}"#,
    ])
  func overrides(quantization: String) throws {
    try PackedHeader(nil, quantization, PackedHeader.gptq).expectProblem()
  }

  @Test("keep one that fits no scheme apart from those that do")
  func oneOfTwo() throws {
    let second = PackedHeader.gptq.map { ("k" + $0.0.dropFirst(), $0.1, $0.2) }
    try PackedHeader(
      #"tensor "k.qzeros": has shape 3 × 8, expected 3 × 4 (4 bits) for "k.qweight" of shape 24 × 32"#, Self.stated,
      PackedHeader.gptq + second, [("k.qweight", "I32", [24, 32]), ("k.qzeros", "I32", [3, 8])]
    ).expectProblem()
  }

  @Test("are refused for a column in a group that is not there", arguments: [3, -1, 1 << 30])
  func groupIndices(group: Int32) throws {
    let header = PackedHeader(nil, Self.stated, PackedHeader.gptq)
    var groups = (0..<96).map { Int32($0 / 32) }
    groups[70] = group
    let bytes = groups.flatMap { group in withUnsafeBytes(of: group.littleEndian, Array.init) }
    let encoded = try header.encoded(writing: ["q.g_idx": bytes])
    #expect(
      encoded.problems.map(\.description) == [#"tensor "q.g_idx": puts column 70 in group \#(group), expected 0 to 2"#])
  }

  @Test("name members of their configuration that are not read")
  func unknownMembers() throws {
    let header = PackedHeader(
      nil, #"{"quant_method":"gptq","bits":4,"group_size":32,"damp_percent":0.1,"shift":1,"b\nc":2}"#,
      PackedHeader.gptq)
    #expect(
      try header.encoded().checkpoint.remarks == [
        #"config.json: quantization_config has members that are not read: "shift", "b\nc""#
      ])
  }
}

import Encodings
import Tensors
import TestSupport
import Testing

/// What is wrong with FP8 and FP4 tensors, or with what a configuration says of them, is one line each.
@Suite("FP8 and FP4 tensors that cannot be decoded")
struct FloatCodeProblemTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let words: String
    let tensors: [(String, String, [Int])]
    let quantization: String?

    init(
      _ words: String, _ tensors: [(String, String, [Int])], _ quantization: String? = #"{"quant_method":"modelopt"}"#
    ) {
      self.words = words
      self.tensors = tensors
      self.quantization = quantization
    }

    var testDescription: String { words }

    static let all = [
      Case(
        #"tensor "q.weight_scale": has shape 3 × 3, expected one scale, one for each row or one for each block of 128 × 128"#
          + #" for "q.weight" of shape 4 × 8"#,
        [("q.weight", "F8_E4M3", [4, 8]), ("q.weight_scale", "F32", [3, 3])]),
      Case(
        #"tensor "q.weight_scale": scales of "q.weight" are stored as I32, expected F32, BF16, F16, F8_E8M0 or U8"#,
        [("q.weight", "F8_E4M3", [4, 8]), ("q.weight_scale", "I32", [])]),
      Case(
        #"tensor "q.weight_scale": has shape 4 × 3, expected a scale for each group of 16 or 32 columns of each row for"#
          + #" "q.weight" of shape 4 × 32"#,
        [("q.weight", "U8", [4, 32]), ("q.weight_scale", "F8_E4M3", [4, 3]), ("q.weight_scale_2", "F32", [])]),
      Case(
        #"tensor "q.weight_scale": has shape 4, expected a scale for each group of 16 or 32 columns of each row for"#
          + #" "q.weight" of shape 4 × 32"#,
        [("q.weight", "U8", [4, 32]), ("q.weight_scale", "F8_E4M3", [4])]),
      Case(
        #"tensor "q.weight_scale_2": is stored as I32, expected F32 for "q.weight" of shape 4 × 32"#,
        [("q.weight", "U8", [4, 32]), ("q.weight_scale", "F8_E4M3", [4, 4]), ("q.weight_scale_2", "I32", [])]),
      Case(
        #"tensor "q.weight_scale_2": has shape 4, expected one number for "q.weight" of shape 4 × 32"#,
        [("q.weight", "U8", [4, 32]), ("q.weight_scale", "F8_E4M3", [4, 4]), ("q.weight_scale_2", "F32", [4])]),
      Case(
        #"tensor "q.weight": has no "q.weight_scale", which its codes need (fetch the model again)"#,
        [("q.weight", "U8", [4, 32])]),
      Case(
        #"tensor "e.down_proj_blocks": has no "e.down_proj_scales", which its codes need (fetch the model again)"#,
        [("e.down_proj_blocks", "U8", [2, 4, 1, 16])], #"{"quant_method":"mxfp4"}"#),
      Case(
        #"tensor "e.down_proj_blocks": has shape 2 × 4 × 16, expected experts × rows × groups × 16"#,
        [("e.down_proj_blocks", "U8", [2, 4, 16]), ("e.down_proj_scales", "U8", [2, 4, 1])],
        #"{"quant_method":"mxfp4"}"#),
      Case(
        #"tensor "e.down_proj_scales": has shape 2 × 4 × 2, expected experts × rows × groups for "e.down_proj_blocks" of"#
          + " shape 2 × 4 × 1 × 16",
        [("e.down_proj_blocks", "U8", [2, 4, 1, 16]), ("e.down_proj_scales", "U8", [2, 4, 2])],
        #"{"quant_method":"mxfp4"}"#),
      Case(
        #"config.json: quantization_config.fmt: expected "e5m2", as "q.weight" is stored"#,
        [("q.weight", "F8_E5M2", [4, 8]), ("q.weight_scale_inv", "F32", [])], #"{"quant_method":"fp8","fmt":"e4m3"}"#),
      Case(
        #"tensor "q.weight_scale_inv": has shape scalar, expected 2 × 1 (blocks of 2 × 8 for 4 × 8)"#,
        [("q.weight", "F8_E5M2", [4, 8]), ("q.weight_scale_inv", "F32", [])],
        #"{"quant_method":"fp8","weight_block_size":[2,8]}"#),
      Case(
        #"is quantized by ModelOpt in W4A16_AWQ, which is not read (convert the model that it was made from)"#,
        [("q.weight", "U8", [4, 8])], #"{"quant_method":"modelopt","quant_algo":"W4A16_AWQ"}"#),
      Case(
        #"is quantized by ModelOpt with scales of inputs (tensor "q.pre_quant_scale"), which is not read (convert the model"#
          + " that it was made from)",
        [("q.weight", "U8", [4, 8]), ("q.pre_quant_scale", "F32", [16])]),
      Case(
        #"is quantized by Quark to int4, which is not read (convert the model that it was made from)"#,
        [("q.weight", "I32", [4, 8])], #"{"quant_method":"quark","global_quant_config":{"weight":{"dtype":"int4"}}}"#),
      Case(
        #"tensor "q.weight": is F8_E4M3 with scales, but no config.json next to the file says how its values are scaled"#
          + " (put the model's config.json there)",
        [("q.weight", "F8_E4M3", [4, 8]), ("q.weight_scale_inv", "F32", [2, 2])], nil),
    ]
  }

  @Test("are named", arguments: Case.all)
  func named(problem: Case) throws {
    let fixture = try FloatCodeFixture(
      problem.tensors.map { ($0.0, $0.1, $0.2, nil) }, problem.quantization)
    #expect(fixture.encoded.problems.map(\.description) == [problem.words])
  }

  @Test("are only those that lack scales and are not left out by the configuration")
  func plainModules() throws {
    let tensors: [(name: String, format: String, shape: [Int], bytes: [UInt8]?)] = [
      ("m.q.weight", "F8_E4M3", [4, 8], nil), ("m.q.weight_scale", "F32", [4, 1], nil),
      ("lm_head.weight", "F8_E4M3", [4, 8], nil), ("vision.a.weight", "F8_E4M3", [4, 8], nil),
    ]
    let listed = try FloatCodeFixture(
      tensors, #"{"quant_method":"fbgemm_fp8","modules_to_not_convert":["lm_head","vision*"]}"#)
    #expect(listed.encoded.problems.isEmpty)
    let unlisted = try FloatCodeFixture(tensors, #"{"quant_method":"fbgemm_fp8"}"#)
    #expect(
      unlisted.encoded.problems.map(\.description) == [
        #"2 of 3 FP8 tensors have no scales, which quantization_config in config.json announces; first: "lm_head.weight""#
          + #" without "lm_head.weight_scale" (fetch the model again, or convert the original)"#
      ])
  }

  @Test("may have members of the configuration that are not read, which are named")
  func unreadMembers() throws {
    let fixture = try FloatCodeFixture(
      [("q.weight", "F8_E4M3", [4, 8], nil), ("q.weight_scale_inv", "F32", [], nil)],
      #"{"quant_method":"fp8","rotation":"hadamard","activation_scheme":"dynamic","a":1}"#)
    #expect(
      fixture.checkpoint.remarks == [#"quantization_config has members that are not read: "a", "rotation""#])
    let known = try FloatCodeFixture("gpt-oss")
    #expect(known.checkpoint.remarks.isEmpty)
    for name in FloatCodeFixture.names { #expect(try FloatCodeFixture(name).checkpoint.remarks.isEmpty, "\(name)") }
  }

  @Test("are none without a configuration if the shapes of scales say enough")
  func shown() throws {
    for (shape, words) in [([], "one scale"), ([300], "a scale for each row"), ([3, 2], "128 × 128 blocks")]
      as [([Int], String)]
    {
      let fixture = try FloatCodeFixture(
        [("q.weight", "F8_E4M3", [300, 200], nil), ("q.weight_scale", "F32", shape, nil)])
      #expect(fixture.encoded.problems.isEmpty)
      #expect(try fixture.composition("q.weight").description == "FP8 E4M3, " + words)
    }
    let packed = try FloatCodeFixture([("q.weight", "U8", [4, 32], nil), ("q.weight_scale", "U8", [4, 2], nil)])
    #expect(try packed.composition("q.weight").description == "MXFP4")
  }

  @Test("do not trap for any small shapes of codes and scales")
  func shapes() throws {
    let sides = [0, 1, 32, 33]
    for (codes, scale) in [("F8_E4M3", "F32"), ("U8", "U8"), ("U8", "F8_E4M3"), ("I8", "F8_E8M0")] {
      for rows in sides {
        for columns in sides {
          for scales in [
            [], [rows], [rows, 1], [1, columns], [columns, 1], [rows, columns], [0], [2, 2], [1, 1, 1],
          ] {
            let fixture = try FloatCodeFixture(
              [("q.weight", codes, [rows, columns], nil), ("q.weight_scale", scale, scales, nil)],
              #"{"quant_method":"modelopt"}"#)
            guard let tensor = fixture.checkpoint.tensor("q.weight"), let composition = tensor.composition else {
              #expect(!fixture.encoded.problems.isEmpty)
              continue
            }
            let values = try fixture.values(composition, 0..<composition.shape.rowCount)
            #expect(values.count == composition.shape.elementCount && values.allSatisfy { !$0.isNaN })
            for format in composition.candidateFormats {
              _ = try composition.isExact(in: format, from: fixture)
            }
          }
        }
      }
    }
  }
}

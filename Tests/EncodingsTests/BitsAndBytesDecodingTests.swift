import Bytes
import Encodings
import Tensors
import TestSupport
import Testing

/// Matrices that bitsandbytes encoded and decoded: fixtures/bitsandbytes/matrices.safetensors.
@Suite("bitsandbytes weights")
struct BitsAndBytesDecodingTests {
  static let fourBits = [
    "nf4", "fp4", "nf4.nested", "fp4.nested", "nf4.rows_within_blocks", "nf4.blocks_within_rows", "nf4.odd_rows",
    "nf4.large_blocks", "fp4.stored_as_bf16", "nf4.one_block",
  ]

  private static func configuration(_ members: String) -> String {
    #"{"quantization_config":{"quant_method":"bitsandbytes"\#(members)}}"#
  }

  /// The file has matrices of both kinds, which no model has, so each kind is given alone.
  private static func matrices(isEightBits: Bool) throws -> EncodedMatrices {
    try EncodedMatrices("bitsandbytes", file: isEightBits ? "int8.safetensors" : "matrices.safetensors")
  }

  @Test("decode to the library's values", arguments: fourBits)
  func fourBitValues(name: String) throws {
    try Self.matrices(isEightBits: false).expectValues(of: name)
  }

  @Test("of 8 bits decode to the library's values")
  func eightBitValues() throws {
    try Self.matrices(isEightBits: true).expectValues(of: "int8")
  }

  @Test("describe themselves as compositions")
  func descriptions() throws {
    let matrices = try Self.matrices(isEightBits: false)
    #expect(try matrices.tensor("nf4").encoding == "bitsandbytes NF4, blocks of 64")
    #expect(try matrices.tensor("fp4.nested").encoding == "bitsandbytes FP4, blocks of 64, quantized scales")
    #expect(
      try Self.matrices(isEightBits: true).tensor("int8").encoding == "bitsandbytes int8, a scale for each row")
    #expect(matrices.encoded.problems.isEmpty)
    #expect(matrices.checkpoint.tensors.allSatisfy { $0.name.text.split(separator: ".").last != "quant_map" })
  }

  // MARK: - 4 bits

  private static let state = #"{"quant_type":"nf4","blocksize":64,"dtype":"float16","shape":[8,16]}"#

  private static func fourBits(
    _ state: String = state, codes: (String, [Int])? = ("U8", [64, 1]), scales: (String, [Int])? = ("F32", [2]),
    map: [Int]? = [16], more: [EncodedExample.Part] = []
  ) -> [EncodedExample.Part] {
    let text = Array(state.utf8)
    return [
      codes.map { .init("q.weight", $0.0, $0.1) }, scales.map { .init("q.weight.absmax", $0.0, $0.1) },
      map.map { .init("q.weight.quant_map", "F32", $0) },
      .init("q.weight.quant_state.bitsandbytes__nf4", "U8", [text.count], text),
    ].compactMap(\.self) + more
  }

  @Test("replace their parts, be they matrices of layers or parameters of their own")
  func names() throws {
    let parts = Self.fourBits(more: [.init("norm.weight", "F32", [4])])
    #expect(try EncodedExample(parts, configuration: Self.configuration("")).names == ["q.weight", "norm.weight"])
    let renamed = parts.map { part in
      EncodedExample.Part(
        part.name.replacing("q.weight", with: "experts.down_proj"), part.format, part.shape, part.bytes)
    }
    let example = try EncodedExample(renamed, configuration: nil)
    #expect(example.names == ["experts.down_proj", "norm.weight"])
    #expect(example.problems.isEmpty)
  }

  @Test("name members that are not read")
  func unread() throws {
    let state = #"{"quant_type":"nf4","blocksize":64,"shape":[8,16],"zero":1}"#
    let example = try EncodedExample(
      Self.fourBits(state), configuration: Self.configuration(#","load_in_4bit":true,"bnb_x":1"#))
    #expect(
      example.remarks == [
        #"quant_state: "zero" is not read"#, #"config.json: quantization_config: "bnb_x" is not read"#,
      ])
  }

  @Test(
    "refuse a state that is not one",
    arguments: [
      ("[]", "a JSON object"), ("{", "a JSON object"),
      (#"{"quant_type":"int4","blocksize":64,"shape":[8,16]}"#, #"quant_type "nf4" or "fp4""#),
      (#"{"quant_type":"nf4","blocksize":0,"shape":[8,16]}"#, "blocksize from 1 to 65,536"),
      (#"{"quant_type":"nf4","blocksize":64,"shape":[8,-16]}"#, "the shape of the matrix"),
      (#"{"quant_type":"nf4","blocksize":64,"shape":[8,"16"]}"#, "the shape of the matrix"),
      (#"{"quant_type":"nf4","blocksize":64,"shape":[9223372036854775807,16]}"#, "the shape of the matrix"),
      (#"{"quant_type":"nf4","blocksize":64,"shape":null}"#, "the shape of the matrix"),
      (
        #"{"quant_type":"nf4","blocksize":64,"shape":[8,16],"nested_offset":1e99,"nested_blocksize":256}"#,
        "a number as nested_offset"
      ),
      (
        #"{"quant_type":"nf4","blocksize":64,"shape":[8,16],"nested_offset":1,"nested_dtype":"float16"}"#,
        #"nested_dtype "float32""#
      ),
      (
        #"{"quant_type":"nf4","blocksize":64,"shape":[8,16],"nested_offset":1,"nested_dtype":"float32"}"#,
        "nested_blocksize from 1 to 65,536"
      ),
    ])
  func states(state: String, expected: String) throws {
    let example = try EncodedExample(Self.fourBits(state), configuration: nil)
    #expect(
      example.problems == [
        #"tensor "q.weight.quant_state.bitsandbytes__nf4": does not state how the codes are scaled, expected "#
          + expected + " (fetch the model again)"
      ])
  }

  @Test(
    "refuse parts that are missing or do not fit",
    arguments: [
      (
        fourBits(codes: ("U8", [63, 1])),
        #"tensor "q.weight": has shape 63 × 1, expected 64 bytes for 8 × 16"#
      ),
      (
        fourBits(scales: nil),
        #"tensor "q.weight": has no "q.weight.absmax", which its codes need (fetch the model again)"#
      ),
      (
        fourBits(map: nil),
        #"tensor "q.weight": has no "q.weight.quant_map", which its codes need (fetch the model again)"#
      ),
      (
        fourBits(map: [15]),
        #"tensor "q.weight.quant_map": has shape 15, expected 16 elements for "q.weight" of shape 64 × 1"#
      ),
      (
        fourBits(scales: ("F32", [3])),
        #"tensor "q.weight.absmax": has shape 3, expected 2 elements for "q.weight" of shape 64 × 1"#
      ),
      (
        fourBits(scales: ("U8", [2])),
        #"tensor "q.weight.absmax": is stored as U8, expected F32, F16 or BF16 for "q.weight" of shape 64 × 1"#
      ),
      (
        [.init("q.weight", "U8", [64, 1]), .init("q.weight.absmax", "F32", [2])],
        #"tensor "q.weight": has no "q.weight.quant_state.bitsandbytes__nf4", which its codes need"#
          + " (fetch the model again)"
      ),
    ] as [([EncodedExample.Part], String)])
  func parts(parts: [EncodedExample.Part], message: String) throws {
    #expect(try EncodedExample(parts, configuration: Self.configuration("")).problems == [message])
  }

  @Test("refuse quantized scales without their parts")
  func nested() throws {
    let state =
      #"{"quant_type":"nf4","blocksize":64,"shape":[8,16],"nested_offset":1,"nested_dtype":"float32","nested_blocksize":256}"#
    func problems(_ scales: String, _ more: [EncodedExample.Part]) throws -> [String] {
      try EncodedExample(Self.fourBits(state, scales: (scales, [2]), more: more), configuration: nil).problems
    }
    let map = EncodedExample.Part("q.weight.nested_quant_map", "F32", [256])
    #expect(
      try problems("F32", [map]) == [
        #"tensor "q.weight.absmax": is stored as F32, expected U8 for "q.weight" of shape 64 × 1"#
      ])
    #expect(
      try problems("U8", [map]) == [
        #"tensor "q.weight": has no "q.weight.nested_absmax", which its codes need (fetch the model again)"#
      ])
    #expect(
      try problems("U8", [map, .init("q.weight.nested_absmax", "F32", [2])]) == [
        #"tensor "q.weight.nested_absmax": has shape 2, expected 1 element for "q.weight" of shape 64 × 1"#
      ])
    #expect(try problems("U8", [map, .init("q.weight.nested_absmax", "F32", [1])]) == [])
  }

  @Test("refuse a state of more bytes than one has")
  func largeState() throws {
    let state = Self.state + String(repeating: " ", count: 1 << 16)
    let example = try EncodedExample(Self.fourBits(state), configuration: nil)
    #expect(
      example.problems == [
        #"tensor "q.weight.quant_state.bitsandbytes__nf4": has shape \#(state.utf8.count), expected at most 65,536 bytes"#
      ])
  }

  // MARK: - 8 bits

  @Test(
    "of 8 bits refuse parts that are missing or do not fit",
    arguments: [
      (
        [.init("q.weight", "I8", [4, 8]), .init("q.SCB", "F32", [5])],
        #"tensor "q.SCB": has shape 5, expected 4, one for each row for "q.weight" of shape 4 × 8"#
      ),
      (
        [.init("q.weight", "I8", [4, 8]), .init("q.SCB", "I32", [4])],
        #"tensor "q.SCB": is stored as I32, expected F32, F16 or BF16 for "q.weight" of shape 4 × 8"#
      ),
      (
        [.init("q.weight", "I8", [4, 8]), .init("q.SCB", "F32", [4]), .init("r.weight", "I8", [4, 8])],
        #"tensor "r.weight": has no "r.SCB", which its codes need (fetch the model again)"#
      ),
      (
        [.init("q.weight", "U8", [4, 8]), .init("q.SCB", "F32", [4])],
        #"tensor "q.weight": is stored as U8, expected a matrix of I8"#
      ),
      (
        [.init("q.weight", "I8", [4, 8]), .init("q.SCB", "F32", [4]), .init("q.weight_format", "U8", [], [2])],
        #"is quantized by bitsandbytes in a layout for one kind of GPU ("q.weight_format" is not 0), which is not read"#
          + " (quantize the original model again, or convert that)"
      ),
    ] as [([EncodedExample.Part], String)])
  func eightBitParts(parts: [EncodedExample.Part], message: String) throws {
    #expect(try EncodedExample(parts, configuration: Self.configuration("")).problems == [message])
  }
}

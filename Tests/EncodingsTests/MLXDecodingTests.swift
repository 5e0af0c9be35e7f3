import Bytes
import Encodings
import Tensors
import TestSupport
import Testing

/// Matrices that `mlx.core.quantize` encoded and `mlx.core.dequantize` decoded: fixtures/mlx/matrices.safetensors.
@Suite("MLX weights")
struct MLXDecodingTests {
  static let affine = [1, 2, 3, 4, 5, 6, 8].flatMap { bits in [32, 64, 128].map { "affine.\(bits).\($0)" } }
  static let floats = ["mxfp4", "nvfp4", "mxfp8"]
  static let cases = affine + floats + ["affine.stacked"] + floats.map { $0 + ".stacked" }

  /// What `quantization` says of the module with this name.
  private static func settings(_ name: String) -> JSON {
    let words = name.split(separator: ".").map(String.init)
    guard words[0] == "affine" else { return .members(["mode": .string(words[0])]) }
    guard let bits = Int(words[1]), let group = Int(words[2]) else {
      return .members(["bits": .integer(4), "group_size": .integer(32), "mode": .string("affine")])
    }
    return .members(["bits": .integer(bits), "group_size": .integer(group)])
  }

  static func matrices() throws -> EncodedMatrices {
    var settings = JSON.Object(uniqueKeysWithValues: cases.map { (ExactString($0), Self.settings($0)) })
    settings["bits"] = .integer(4)
    settings["group_size"] = .integer(64)
    return try EncodedMatrices("mlx", configuration: .members(["quantization": .object(settings)]))
  }

  @Test("decode to MLX's values", arguments: cases)
  func values(name: String) throws {
    try Self.matrices().expectValues(of: name)
  }

  @Test("describe themselves as compositions")
  func descriptions() throws {
    let matrices = try Self.matrices()
    func words(_ name: String) throws -> String { try matrices.tensor(name).encoding }
    #expect(try words("affine.3.128") == "MLX affine, 3 bits, groups of 128")
    #expect(try words("affine.1.32") == "MLX affine, 1 bit, groups of 32")
    #expect(try words("mxfp4") == "MXFP4")
    #expect(try words("nvfp4") == "NVFP4")
    #expect(try words("mxfp8") == "MXFP8 E4M3")
    #expect(matrices.encoded.problems.isEmpty)
    #expect(matrices.checkpoint.tensors.allSatisfy { !$0.name.text.hasSuffix("scales") })
  }

  // MARK: - What config.json says

  private static let parts: [EncodedExample.Part] = [
    .init("q.weight", "U32", [2, 8]), .init("q.scales", "F16", [2, 1]), .init("q.biases", "F16", [2, 1]),
    .init("norm.weight", "F16", [4]),
  ]

  private func example(
    _ quantization: String, _ parts: [EncodedExample.Part] = MLXDecodingTests.parts
  ) throws -> EncodedExample {
    try EncodedExample(parts, configuration: #"{"quantization":\#(quantization)}"#)
  }

  @Test("take the width of a module from its own entry, and MLX's where that states none")
  func overrides() throws {
    let own = try example(#"{"bits":2,"group_size":32,"q":{"bits":8,"group_size":32}}"#)
    #expect(own.encoded.checkpoint.tensor("q.weight")?.encoding == "MLX affine, 8 bits, groups of 32")
    #expect(own.names == ["q.weight", "norm.weight"])
    let defaults = try example(#"{"bits":2,"group_size":32,"q":{}}"#)
    #expect(defaults.encoded.checkpoint.tensor("q.weight")?.encoding == "MLX affine, 4 bits, groups of 64")
    let isQuantized = try example(#"{"bits":4,"group_size":64,"q":true,"norm":false}"#)
    #expect(isQuantized.problems.isEmpty)
    #expect(isQuantized.remarks.isEmpty)
  }

  @Test("take the settings from the copy, or from a text model's part")
  func places() throws {
    for text in [
      #"{"quantization_config":{"bits":4,"group_size":64}}"#,
      #"{"text_config":{"quantization":{"bits":4,"group_size":64}}}"#,
      #"{"quantization":{"bits":4,"group_size":64},"quantization_config":{"quant_method":"fp8"}}"#,
    ] {
      let example = try EncodedExample(Self.parts, configuration: text)
      #expect(example.problems.isEmpty)
      #expect(example.names == ["q.weight", "norm.weight"])
    }
  }

  @Test("name members that are not read")
  func unread() throws {
    let one = try example(#"{"bits":4,"group_size":64,"linear_class":"x"}"#)
    #expect(one.remarks == [#"config.json: quantization: "linear_class" is not read"#])
    let several = try example(#"{"a":1,"b":1,"bits":4,"group_size":64,"c":1,"d":1,"e":1,"f":null}"#)
    #expect(several.remarks == [#"config.json: quantization: "a", "b", "c", "d" and 2 more are not read"#])
  }

  @Test(
    "refuse settings that MLX does not have",
    arguments: [
      (#"{"bits":7,"group_size":64}"#, "config.json: quantization.bits: expected 1, 2, 3, 4, 5, 6 or 8"),
      (#"{"bits":"4","group_size":64}"#, "config.json: quantization.bits: expected 1, 2, 3, 4, 5, 6 or 8"),
      (
        #"{"bits":4,"group_size":0}"#,
        "config.json: quantization.group_size: expected an integer from 1 to 65,536"
      ),
      (
        #"{"bits":4,"group_size":64,"mode":"nf4"}"#,
        "config.json: quantization.mode: expected one of affine, mxfp4, nvfp4, mxfp8"
      ),
      (
        #"{"bits":4,"group_size":64,"q":{"bits":8,"mode":"mxfp4"}}"#,
        #"config.json: quantization.q.bits: expected 4 in the mode "mxfp4""#
      ),
      (
        #"{"bits":4,"group_size":64,"q":{"group_size":32,"mode":"nvfp4"}}"#,
        #"config.json: quantization.q.group_size: expected 16 in the mode "nvfp4""#
      ),
      (
        #"{"bits":4,"group_size":64,"q":false}"#,
        "config.json: quantization.q: expected an object with bits and group_size, since the module has scales"
      ),
    ])
  func settings(quantization: String, message: String) throws {
    #expect(try example(quantization).problems == [message])
  }

  @Test("need a config.json with settings")
  func noSettings() throws {
    #expect(
      try EncodedExample(Self.parts, configuration: nil).problems == [
        "is quantized by MLX, but no config.json next to the file states quantization.bits and quantization.group_size"
          + " (put the model's config.json there)"
      ])
    #expect(
      try EncodedExample(Self.parts, configuration: "{}").problems == [
        "is quantized by MLX, but config.json does not state quantization.bits and quantization.group_size"
          + " (restore the config.json that the model was published with)"
      ])
  }

  // MARK: - Parts that do not fit

  @Test(
    "refuse parts that are missing or do not fit",
    arguments: [
      (
        [.init("q.weight", "U32", [2, 8]), .init("q.scales", "F16", [2, 1])],
        #"tensor "q.weight": has no "q.biases", which its codes need (fetch the model again)"#
      ),
      (
        [
          .init("q.weight", "U32", [2, 8]), .init("q.scales", "F16", [2, 1]), .init("q.biases", "F16", [2, 1]),
          .init("r.weight", "U32", [2, 8]),
        ],
        #"tensor "r.weight": has no "r.scales", which its codes need (fetch the model again)"#
      ),
      (
        [.init("q.weight", "U32", [2, 8]), .init("q.scales", "F16", [2, 2]), .init("q.biases", "F16", [2, 1])],
        #"tensor "q.scales": has shape 2 × 2, expected 2 × 1 (4 bits, groups of 64) for "q.weight" of shape 2 × 8"#
      ),
      (
        [.init("q.weight", "U32", [2, 8]), .init("q.scales", "F16", [2, 1]), .init("q.biases", "F16", [3, 1])],
        #"tensor "q.biases": has shape 3 × 1, expected 2 × 1 (4 bits, groups of 64) for "q.weight" of shape 2 × 8"#
      ),
      (
        [.init("q.weight", "U32", [2, 4]), .init("q.scales", "F16", [2, 1]), .init("q.biases", "F16", [2, 1])],
        #"tensor "q.scales": has shape 2 × 1, expected whole groups (4 bits, groups of 64) for "q.weight" of shape"#
          + " 2 × 4"
      ),
      (
        [.init("q.weight", "U32", [2, 8]), .init("q.scales", "U8", [2, 1]), .init("q.biases", "F16", [2, 1])],
        #"tensor "q.scales": is stored as U8, expected F16, BF16 or F32 for "q.weight" of shape 2 × 8"#
      ),
      (
        [
          .init("q.weight", "U32", [2, 8]), .init("q.scales", "F16", [2, 1]), .init("q.biases", "F16", [2, 1]),
          .init("r.weight", "I32", [2, 8]), .init("r.scales", "F16", [2, 1]), .init("r.biases", "F16", [2, 1]),
        ],
        #"tensor "r.weight": is stored as I32, expected U32"#
      ),
    ] as [([EncodedExample.Part], String)])
  func parts(parts: [EncodedExample.Part], message: String) throws {
    #expect(try example(#"{"bits":4,"group_size":64}"#, parts).problems == [message])
  }

  @Test("refuse rows that are not whole codes")
  func cutCodes() throws {
    let example = try example(#"{"bits":3,"group_size":32}"#)
    #expect(
      example.problems == [#"tensor "q.weight": has shape 2 × 8, expected rows of whole codes of 3 bits"#])
  }
}

import Bytes
import Encodings
import Tensors
import TestSupport
import Testing

/// Configurations and tensors that contradict each other are one line each.
@Suite("Matrices of compressed-tensors that cannot be decoded")
struct CompressedTensorsProblemTests {
  private typealias Fixture = CompressedTensorsFixture

  private static func json(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  private func problems(_ fixture: Fixture, _ configuration: JSON? = nil) -> [String] {
    fixture.encoded(configuration).problems.map(\.description)
  }

  @Test(
    "have arguments that do not fit them",
    arguments: [
      (
        "pack_4_symmetric", #"{"num_bits": 3}"#,
        #"tensor "pack_4_symmetric.weight_packed": has shape 20 × 12, expected rows of 9 words for 96 codes of 3 bits"#
      ),
      (
        "pack_4_symmetric", #"{"group_size": 64}"#,
        #"tensor "pack_4_symmetric.weight_packed": has shape 20 × 12, expected rows of 24 words for 192 codes of 4 bits"#
      ),
      (
        "int_group", #"{"group_size": 16}"#,
        #"tensor "int_group.weight_scale": has shape 12 × 2, expected 12 × 4 (groups of 16) for "int_group.weight" of"#
          + " shape 12 × 64"
      ),
      (
        "int_channel_symmetric", #"{"strategy": "tensor"}"#,
        #"tensor "int_channel_symmetric.weight_scale": has shape 12 × 1, expected one element for"#
          + #" "int_channel_symmetric.weight" of shape 12 × 40"#
      ),
      (
        "pack_3_symmetric", #"{"symmetric": false}"#,
        #"tensor "pack_3_symmetric.weight_packed": has no "pack_3_symmetric.weight_zero_point", which its codes need"#
          + " (fetch the model again)"
      ),
      (
        "pack_3_asymmetric", #"{"symmetric": true}"#,
        #"tensor "pack_3_asymmetric.weight_zero_point": is stored as I32, expected I8 for"#
          + #" "pack_3_asymmetric.weight_packed" of shape 20 × 9"#
      ),
      (
        "pack_channel_4_symmetric", #"{"num_bits": 3}"#,
        #"tensor "pack_channel_4_symmetric.weight_packed": has shape 7 × 8, expected rows of 6 words for 64 codes of 3"#
          + " bits"
      ),
      (
        "act_order_symmetric", #"{"strategy": "channel", "group_size": null}"#,
        #"tensor "act_order_symmetric.weight_scale": has shape 20 × 3, expected 20 × 1 (a scale for each row) for"#
          + #" "act_order_symmetric.weight_packed" of shape 20 × 12"#
      ),
      (
        "pack_4_symmetric", #"{"type": "float"}"#,
        #"tensor "pack_4_symmetric.weight_packed": is stored as I32, but config group "group_0" in config.json says float,"#
          + " 4 bits (restore the config.json that the model was published with)"
      ),
      (
        "float_channel", #"{"num_bits": 4}"#,
        #"tensor "float_channel.weight": is stored as F8_E4M3, but config group "group_0" in config.json says float,"#
          + " 4 bits (restore the config.json that the model was published with)"
      ),
      (
        "float_blocks", #"{"block_structure": [16, 16]}"#,
        #"tensor "float_blocks.weight_scale": has shape 3 × 3, expected 2 × 3 (16 × 16 blocks) for "float_blocks.weight""#
          + " of shape 20 × 40"
      ),
      (
        "nvfp4", #"{"group_size": 32}"#,
        #"tensor "nvfp4.weight_scale": has shape 12 × 4, expected 12 × 2 (groups of 32) for "nvfp4.weight_packed" of"#
          + " shape 12 × 32"
      ),
      (
        "mxfp4", #"{"num_bits": 6}"#,
        "is stored in packed floats of 6 bits by compressed-tensors, which is not read (convert the original model, or a"
          + " copy that transformers dequantized)"
      ),
    ])
  func arguments(name: String, weights: String, message: String) throws {
    let fixture = try Fixture.named(name)
    let members = try #require(try Self.json(weights).object)
    #expect(problems(fixture, fixture.configuration(weights: members)) == [message])
  }

  @Test(
    "have members of the wrong kind",
    arguments: [
      (#"{"num_bits": 9}"#, "num_bits: expected an integer from 1 to 8"),
      (#"{"num_bits": "4"}"#, "num_bits: expected an integer from 1 to 8"),
      (#"{"type": "bool"}"#, #"type: expected "int" or "float""#),
      (#"{"symmetric": 1}"#, "symmetric: expected true or false"),
      (#"{"group_size": -2}"#, "group_size: expected an integer from -1 to 1,048,576"),
      (#"{"group_size": null}"#, #"group_size: expected an integer above 0 for strategy "group""#),
      (#"{"strategy": "token"}"#, #"strategy: expected "tensor", "channel", "group", "tensor_group", "block""#),
      (#"{"strategy": "channel"}"#, #"group_size: expected null for strategy "channel""#),
      (
        #"{"strategy": "block", "group_size": null}"#,
        #"block_structure: expected two integers above 0 for strategy "block""#
      ),
      (#"{"block_structure": [0, 4]}"#, "block_structure: expected two integers above 0, or null"),
      (#"{"block_structure": "4x4x4"}"#, "block_structure: expected two integers above 0, or null"),
      (#"{"block_structure": [4, 4]}"#, #"block_structure: expected null for strategy "group""#),
    ])
  func weightMembers(weights: String, message: String) throws {
    let fixture = try Fixture.named("pack_4_symmetric")
    let members = try #require(try Self.json(weights).object)
    #expect(
      problems(fixture, fixture.configuration(weights: members))
        == ["config.json: quantization_config.config_groups.group_0.weights.\(message)"])
  }

  @Test(
    "have a configuration that is not read",
    arguments: [
      (
        #"{"config_groups": []}"#, "config.json: quantization_config.config_groups: expected an object of config groups"
      ),
      (
        #"{"config_groups": {"g": 4}}"#, "config.json: quantization_config.config_groups.g: expected an object"
      ),
      (
        #"{"config_groups": {"g": {"weights": {}}}}"#,
        "config.json: quantization_config.config_groups.g.targets: expected a list of strings"
      ),
      (
        #"{"config_groups": {"W9A16": ["Linear"]}}"#,
        #"config.json: quantization_config.config_groups.W9A16: expected an object, or a preset such as "W4A16" with its"#
          + " targets"
      ),
      (
        #"{"config_groups": {"g": {"targets": ["re:(?<=a)b"], "weights": {}}}}"#,
        #"config.json: quantization_config.config_groups: the pattern "(?<=a)b" has lookbehind, which is not read (name"#
          + " the modules in another way)"
      ),
      (#"{"ignore": "lm_head"}"#, "config.json: quantization_config.ignore: expected a list of strings"),
      (
        #"{"format": "gguf"}"#,
        #"config.json: quantization_config.format: expected "pack-quantized", "int-quantized", "naive-quantized","#
          + #" "float-quantized", "mxfp8-quantized", "nvfp4-pack-quantized", "mxfp4-pack-quantized", "dense","#
          + #" "mixed-precision", "fakequant""#
      ),
      (
        #"{"format": "marlin-24"}"#,
        #"is stored in the format "marlin-24" of compressed-tensors (quantization_config.format in config.json), which is"#
          + " not read (convert the original model, or a copy that transformers dequantized)"
      ),
      (
        #"{"format": "mxfp6-pack-quantized"}"#,
        #"is stored in the format "mxfp6-pack-quantized" of compressed-tensors (quantization_config.format in"#
          + " config.json), which is not read (convert the original model, or a copy that transformers dequantized)"
      ),
      (
        #"{"sparsity_config": {"format": "sparse-24-bitmask"}}"#,
        #"is stored without its zeros (quantization_config.sparsity_config.format "sparse-24-bitmask" in config.json),"#
          + " which is not read (convert the original model, or a copy that transformers dequantized)"
      ),
      (
        #"{"transform_config": {"config_groups": {"v": {}}}}"#,
        "is rotated when it runs (quantization_config.transform_config in config.json), which is not read (convert the"
          + " original model, or a copy that transformers dequantized)"
      ),
      (
        #"{"moe_sparsity_config": {"method": "prune", "num_experts": [3]}}"#,
        "is pruned to different numbers of experts (quantization_config.moe_sparsity_config in config.json), which is not"
          + " read (convert the original model, or a copy that transformers dequantized)"
      ),
    ])
  func configurations(members: String, message: String) throws {
    let fixture = try Fixture.named("pack_4_symmetric")
    let object = try #require(try Self.json(members).object)
    #expect(problems(fixture, fixture.configuration(object)) == [message])
  }

  @Test("name the members that are not read")
  func unread() throws {
    let fixture = try Fixture.named("pack_4_symmetric")
    let configuration = fixture.configuration(
      [ExactString("rotation"): .bool(true)], weights: [ExactString("codebook"): .null])
    #expect(
      fixture.encoded(configuration).checkpoint.remarks.contains(
        #"quantization_config has members that are not read: "rotation", "config_groups.group_0.weights.codebook""#))
    #expect(!fixture.encoded().checkpoint.remarks.contains { $0.contains("not read") })
  }

  /// The fixture with a part replaced by a tensor of another case.
  private func replacing(_ name: String, _ part: String, by other: String) throws -> Fixture {
    let fixture = try Fixture.named(name)
    let donor = try #require(
      try Fixture.cases(fixture.file).flatMap(\.checkpoint.tensors).first { $0.name.text == other })
    let tensors = fixture.checkpoint.tensors.map { tensor in
      tensor.name.text == "\(name).\(part)"
        ? TensorDescriptor(name: tensor.name, shape: donor.shape, contents: donor.contents) : tensor
    }
    return Fixture(
      file: fixture.file, name: name, checkpoint: fixture.checkpoint.replacing(tensors: tensors), facts: fixture.facts)
  }

  @Test("have parts of other shapes")
  func parts() throws {
    let zeros = try replacing("pack_3_asymmetric", "weight_zero_point", by: "pack_5_asymmetric.weight_zero_point")
    #expect(
      problems(zeros) == [
        #"tensor "pack_3_asymmetric.weight_zero_point": has shape 4 × 3, expected 2 × 3 (3 bits for each row and group)"#
          + #" for "pack_3_asymmetric.weight_packed" of shape 20 × 9"#
      ])
    let scales = try replacing("pack_3_symmetric", "weight_scale", by: "pack_3_symmetric.weight_packed")
    #expect(
      problems(scales) == [
        #"tensor "pack_3_symmetric.weight_packed": has shape 20 × 9, expected rows of 27 words for 288 codes of 3 bits"#
      ])
    let shape = try replacing("pack_channel_4_symmetric", "weight_shape", by: "pack_group_128.weight_shape")
    #expect(
      problems(shape) == [
        #"tensor "pack_channel_4_symmetric.weight_shape": gives the shape 6 × 256, but"#
          + #" "pack_channel_4_symmetric.weight_packed" and its scales have 7 × 256 (fetch the model again)"#
      ])
    let order = try replacing("act_order_symmetric", "weight_g_idx", by: "act_order_unset.weight_g_idx")
    #expect(
      problems(order) == [
        #"tensor "act_order_symmetric.weight_g_idx": has shape 64, expected 96 for "act_order_symmetric.weight_packed" of"#
          + " shape 20 × 12"
      ])
  }

  /// What only the contents of a part show is found when the matrix is decoded.
  private func decodingError(_ fixture: Fixture) throws -> String {
    let composition = try fixture.composition()
    let error = #expect(throws: EncodingError.self) {
      var values = [Float](repeating: 0, count: composition.shape.elementCount)
      var destination = values.mutableSpan
      try composition.decode(rows: 0..<composition.shape.rowCount, from: fixture, into: &destination)
    }
    return try #require(error).description
  }

  @Test("have another shape beside them")
  func statedShape() throws {
    let fixture = try replacing("pack_4_symmetric", "weight_shape", by: "pack_group_128.weight_shape")
    #expect(
      try decodingError(fixture)
        == #"tensor "pack_4_symmetric.weight_shape": gives the shape 6 × 256, but "pack_4_symmetric.weight_packed" and its"#
        + " scales have 20 × 96 (fetch the model again)")
  }

  @Test("have columns in groups that are not there, or are full")
  func columnGroups() throws {
    let fixture = try Fixture.named("act_order_symmetric")
    let codes = try #require(fixture.checkpoint.tensor("act_order_symmetric.weight_packed")?.byteRange)
    let tensors = fixture.checkpoint.tensors.map { tensor in
      guard tensor.name.text.hasSuffix("weight_g_idx") else { return tensor }
      return TensorDescriptor(
        name: tensor.name, declaredFormat: .known(.i32), shape: tensor.shape, fileIndex: 0, fileOffset: codes.offset,
        byteCount: tensor.byteCount)
    }
    let changed = Fixture(
      file: fixture.file, name: fixture.name, checkpoint: fixture.checkpoint.replacing(tensors: tensors),
      facts: fixture.facts)
    let message = try decodingError(changed)
    #expect(message.hasPrefix(#"tensor "act_order_symmetric.weight_g_idx": gives column 0 to group "#))
    #expect(message.hasSuffix(", expected 32 columns for each of 3 groups (fetch the model again)"))
  }
}

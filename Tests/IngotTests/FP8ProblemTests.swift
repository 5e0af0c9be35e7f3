import Ingot
import TestSupport
import Testing

/// What is wrong with a folder of FP8 weights is one line a cause.
@Suite("FP8 weights that cannot be decoded")
struct FP8ProblemTests {
  private static let weight = "model.layers.0.self_attn.q_proj.weight"

  private func problems(_ name: String = "mistral-blocks", _ edit: (FP8Folder) throws -> Void) throws -> [String] {
    let folder = try FP8Folder(name)
    try edit(folder)
    return try folder.open().problems.map(\.description)
  }

  @Test("need their scales")
  func missingScales() throws {
    let found = try problems { folder in try folder.editTensors { name, _ in name != Self.weight + "_scale_inv" } }
    #expect(
      found == [#"tensor "\#(Self.weight)": is F8_E4M3 without scales, expected "\#(Self.weight)_scale_inv""#])
  }

  @Test("lack all scales in one problem")
  func allScalesMissing() throws {
    let folder = try FP8Folder("mistral-blocks")
    try folder.editTensors { name, _ in !name.hasSuffix("_scale_inv") }
    let found = try folder.open().problems.map(\.description)
    #expect(found.count == 1)
    #expect(
      found[0].contains(" FP8 tensors have no scales, which quantization_config in config.json announces; first: "))
    #expect(!found[0].contains(" of "))
    // Without the announcement they are a plain cast.
    try folder.editConfiguration { $0["quantization_config"] = nil }
    let model = try folder.open()
    #expect(model.problems.isEmpty)
    #expect(
      model.checkpoint.remarks.contains { $0.hasSuffix("config.json announces none: the stored values are used") })
  }

  @Test("need scales that fit the blocks")
  func scaleShapes() throws {
    let found = try problems { folder in
      try folder.editTensors { name, tensor in
        if name == Self.weight + "_scale_inv" { tensor.shape = [4, 1] }
        return true
      }
    }
    #expect(
      found == [
        #"tensor "\#(Self.weight)_scale_inv": has shape 4 × 1, expected 2 × 2 (blocks of 24 × 20 for 32 × 32)"#
      ])
  }

  @Test("need a configuration of the scales")
  func missingConfiguration() throws {
    let found = try problems { folder in try folder.editConfiguration { $0["quantization_config"] = nil } }
    #expect(found.count == 1)
    #expect(
      found[0].hasSuffix(
        "is F8_E4M3, but config.json has no quantization_config that says how its values are scaled (restore the"
          + " config.json that the model was published with)"))
  }

  @Test("contradict a configuration of another method")
  func otherMethods() throws {
    let found = try problems { folder in
      try folder.editConfiguration { $0["quantization_config"] = .members(["quant_method": .string("gptq")]) }
    }
    #expect(
      found == [
        #"tensor "model.layers.0.mlp.down_proj.weight": is F8_E4M3 of another encoding, expected one quantized by GPTQ"#
          + #" (quantization_config.quant_method "gptq") (restore the config.json that the model was published with)"#
      ])
  }

  @Test("refuse block sizes such as", arguments: ["[0, 128]", "[128]", "\"128\"", "[1.5, 2]", "[99999999999, 1]"])
  func blockSizes(text: String) throws {
    let size = try JSON(parsing: Array(text.utf8))
    let found = try problems { folder in
      try folder.editConfiguration {
        $0["quantization_config"] = .members(["quant_method": .string("fp8"), "weight_block_size": size])
      }
    }
    #expect(
      found == ["config.json: quantization_config.weight_block_size: expected two integers above 0, or null"])
  }

  @Test("are flagged by check for NaN scales")
  func nanScales() throws {
    let folder = try FP8Folder("mistral-blocks")
    try folder.editTensors { name, tensor in
      if name == Self.weight + "_scale_inv" { tensor.bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F]) }
      return true
    }
    let check = try CheckpointCheck.check(folder.path, library: .bundled(), threads: 2)
    #expect(!check.passes)
    #expect(check.findings.contains { $0.check == "values.nan" && "\($0.subject)" == Self.weight + "_scale_inv" })
    #expect(check.readCount == check.tensorCount)
    // Nothing that is not a number is written either.
    let output = TemporaryFolder()
    for type in [StorageFormat.f32, .q8_0] {
      var request = ConversionRequest(destination: output.file("model.gguf"))
      request.type = .format(type)
      let plan = try Planner.plan(try folder.open(), request)
      #expect(throws: (any Error).self) { try Executor.run(plan) }
    }
  }
}

import Bytes
import Encodings
import Formats
import Tensors
import TestSupport
import Testing

/// Which config group a matrix belongs to, and what becomes of the tensors beside it.
@Suite("A configuration of compressed-tensors")
struct CompressedTensorsConfigurationTests {
  private typealias Fixture = CompressedTensorsFixture

  /// The group of four bits that the fixture needs, and one that does not fit, both with targets.
  private func configuration(_ fixture: Fixture, right: [String], wrong: [String], wrongFirst: Bool) -> JSON {
    func group(_ targets: [String], _ weights: JSON) -> JSON {
      .members(["targets": .array(targets.map { .string($0) }), "weights": weights])
    }
    let three: JSON = .members([
      "num_bits": .integer(3), "type": .string("int"), "strategy": .string("group"), "group_size": .integer(32),
    ])
    let pair = [("right", group(right, fixture.facts["weights"] ?? .null)), ("wrong", group(wrong, three))]
    var groups: JSON.Object = [:]
    for (name, group) in wrongFirst ? pair.reversed() : pair { groups[ExactString(name)] = group }
    return fixture.configuration([
      ExactString("config_groups"): .object(groups), ExactString("format"): .string("mixed-precision"),
    ])
  }

  @Test(
    "chooses a name before a pattern, a pattern before a class, and the first pattern by its text",
    arguments: [
      (["pack_4_symmetric"], ["re:.*"]), (["re:.*_4_.*"], ["Linear"]), (["re:.*_4_.*"], ["re:pack.*"]),
      (["re:pack.*"], ["pack_4", "re:symmetric", "Linear", "Embedding"]), (["Linear"], ["Embedding", "Conv1d"]),
      (["Module"], ["Embedding"]),
    ])
  func precedence(right: [String], wrong: [String]) throws {
    let fixture = try Fixture.named("pack_4_symmetric")
    for wrongFirst in [false, true] {
      let configuration = configuration(fixture, right: right, wrong: wrong, wrongFirst: wrongFirst)
      #expect(fixture.encoded(configuration).problems.isEmpty, "wrong first: \(wrongFirst)")
    }
  }

  @Test("takes the last of equal targets")
  func equalTargets() throws {
    let fixture = try Fixture.named("pack_4_symmetric")
    for (wrongFirst, isRead) in [(true, true), (false, false)] {
      let configuration = configuration(fixture, right: ["Linear"], wrong: ["Linear"], wrongFirst: wrongFirst)
      #expect(fixture.encoded(configuration).problems.isEmpty == isRead)
    }
  }

  @Test("needs targets where groups differ")
  func noGroup() throws {
    let fixture = try Fixture.named("pack_4_symmetric")
    let configuration = configuration(fixture, right: ["re:nothing"], wrong: ["re:else"], wrongFirst: false)
    #expect(
      fixture.encoded(configuration).problems.map(\.description) == [
        #"tensor "pack_4_symmetric.weight_packed": is quantized, but no member of quantization_config.config_groups in"#
          + " config.json targets its module (restore the config.json that the model was published with)"
      ])
  }

  @Test("needs none where only one group has codes of that kind")
  func onlyGroup() throws {
    let fixture = try Fixture.named("pack_4_symmetric")
    let group: JSON = .members([
      "targets": .array([.string("re:nothing")]), "weights": fixture.facts["weights"] ?? .null,
    ])
    let float: JSON = .members([
      "targets": .array([.string("re:else")]),
      "weights": .members(["num_bits": .integer(8), "type": .string("float")]),
    ])
    for groups in [JSON.members(["a": group]), .members(["a": group, "b": float])] {
      #expect(fixture.encoded(fixture.configuration([ExactString("config_groups"): groups])).problems.isEmpty)
    }
  }

  @Test("reads presets by their names", arguments: ["w4a16_asym", "W4A16"])
  func presets(preset: String) throws {
    let fixture = try Fixture.named("pack_group_128")
    let groups: JSON = .members([preset: .array([.string("Linear")])])
    let problems = fixture.encoded(fixture.configuration([ExactString("config_groups"): groups])).problems
    #expect(
      problems.map(\.description)
        == (preset == "W4A16"
          ? []
          : [
            #"tensor "pack_group_128.weight_packed": has no "pack_group_128.weight_zero_point", which its codes need"#
              + " (fetch the model again)"
          ]))
  }

  /// Values named as the weight of a linear layer, with the scale of codes beside them.
  private func roundedValues(_ members: JSON.Object) throws -> EncodedCheckpoint {
    let fixture = try Fixture.named("int_group")
    let tensors = fixture.checkpoint.tensors.compactMap { tensor -> TensorDescriptor? in
      switch tensor.name.text {
      case "int_group.weight": nil
      case "int_group.dequantized":
        TensorDescriptor(name: "int_group.weight", shape: tensor.shape, contents: tensor.contents)
      default: tensor
      }
    }
    return EncodedCheckpoint(
      fixture.checkpoint.replacing(tensors: tensors), configuration: fixture.configuration(members))
  }

  @Test("leaves weights that are stored as values", arguments: ["frozen", "initialized", nil])
  func values(status: String?) throws {
    let encoded = try roundedValues([
      ExactString("quantization_status"): status.map { .string($0) } ?? .null
    ])
    #expect(encoded.problems.isEmpty)
    #expect(encoded.checkpoint.tensors.map(\.name.text) == ["int_group.weight"])
    #expect(encoded.checkpoint.tensors.allSatisfy { $0.composition == nil })
    #expect(encoded.checkpoint.unused.map(\.tensor.name.text) == ["int_group.weight_scale"])
    #expect(encoded.checkpoint.unused.first?.reason == "part of an encoding, but the weight is stored as values")
  }

  @Test("contradicts values where it says that weights are compressed")
  func compressedValues() throws {
    let encoded = try roundedValues([ExactString("quantization_status"): .string("compressed")])
    #expect(
      encoded.problems.map(\.description) == [
        #"tensor "int_group.weight": is stored as F32, but config group "group_0" in config.json says int, 8 bits (restore"#
          + " the config.json that the model was published with)"
      ])
    let dense = try roundedValues([
      ExactString("quantization_status"): .string("compressed"), ExactString("format"): .string("dense"),
    ])
    #expect(dense.problems.isEmpty)
  }

  @Test("drops scales of activations with a reason")
  func activations() throws {
    let folder = Fixtures.path("compressed-tensors", "mixed")
    let stored = try Checkpoint.open(Path.join(folder, "model.safetensors"))
    let file = try LocalFile(Path.join(folder, "config.json")).wholeContent(limit: 1 << 20)
    let encoded = EncodedCheckpoint(stored, configuration: try JSON(parsing: file))
    #expect(encoded.problems.isEmpty)
    #expect(
      Set(encoded.checkpoint.unused.map(\.reason)) == [
        "scale of a layer's quantized input; inputs are not quantized here"
      ])
    #expect(encoded.checkpoint.unused.allSatisfy { $0.tensor.name.text.hasSuffix(".input_scale") })
    #expect(encoded.checkpoint.unused.count == 8)
    #expect(encoded.checkpoint.tensors.allSatisfy { $0.name.text.hasSuffix("weight") })
  }

  @Test("is recognized by scales of a cache alone")
  func cache() throws {
    let stored = try Checkpoint.open(Fixtures.path("compressed-tensors", "mixed", "model.safetensors"))
    let tensors = stored.tensors.compactMap { tensor -> TensorDescriptor? in
      if tensor.name.text == "model.norm.weight" { return tensor }
      guard tensor.name.text == "model.layers.0.self_attn.k_proj.input_scale" else { return nil }
      return TensorDescriptor(name: "model.layers.0.self_attn.k_scale", shape: tensor.shape, contents: tensor.contents)
    }
    let configuration = try JSON(
      parsing: Array(
        #"{"quantization_config":{"quant_method":"compressed-tensors","config_groups":{},"kv_cache_scheme":{}}}"#.utf8))
    let encoded = EncodedCheckpoint(stored.replacing(tensors: tensors), configuration: configuration)
    #expect(encoded.problems.isEmpty)
    #expect(encoded.checkpoint.tensors.map(\.name.text) == ["model.norm.weight"])
    #expect(
      encoded.checkpoint.unused.map(\.reason) == [
        "scale of quantized attention or of its cache, which are not quantized here"
      ])
  }
}

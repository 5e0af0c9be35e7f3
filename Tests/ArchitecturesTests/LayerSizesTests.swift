import Architectures
import Bytes
import Tensors
import TestSupport
import Testing

/// Sizes that differ by layer, keys and values that layers share.
@Suite("Sizes of layers")
struct LayerSizesTests {
  private func configuration(_ changes: JSON.Object = [:], of name: String = "gemma4") throws -> Configuration {
    var members = try #require(try Fixtures.json("architectures", name, "config.json").object)
    for (key, value) in changes { members[key] = value }
    return Configuration(.object(members))
  }

  private func set(_ changes: JSON.Object = [:], of name: String = "gemma4") throws -> HyperparameterSet {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: "gemma4"))
    return try definition.hyperparameters(of: configuration(changes, of: name))
  }

  @Test("follow from the types of layers and those that share")
  func sizes() throws {
    let numbers = try Hyperparameters(set())
    #expect(numbers.byLayer.headDimensions == [8, 8, 16, 8, 16])
    #expect(numbers.byLayer.feedForwardLengths == [64, 64, 64, 128, 128])
    #expect(numbers.byLayer.keyValueHeadCounts == nil && numbers.keyValueHeadCount == 2)
    #expect((0..<5).map { numbers.at($0).headDimension } == [8, 8, 16, 8, 16])
    #expect((0..<5).map(numbers.keyValueSource) == [nil, nil, nil, 1, 2])
    #expect(numbers.rotary.scaling == .proportional(share: 0.25, factor: 1))
    let wide = try Hyperparameters(set(of: "gemma4-wide"))
    #expect(wide.byLayer.keyValueHeadCounts == [2, 1, 2, 1] && wide.usesKeysAsValues)
    #expect((0..<4).map(wide.keyValueSource) == [nil, nil, nil, nil])
  }

  @Test("are the same from config.json of transformers 5")
  func perLayerConfiguration() throws {
    let layer: JSON = .members(["head_dim": .integer(16), "num_key_value_heads": .integer(1)])
    let five = try set(
      [
        "per_layer_config": .members(["1": layer, "3": layer]), "global_head_dim": .null,
        "num_global_key_value_heads": .null,
      ],
      of: "gemma4-wide")
    #expect(try five == set(of: "gemma4-wide"))
  }

  static let refused: [(changes: JSON.Object, message: String)] = [
    (
      ["layer_types": .array(["sliding_attention", "linear_attention"].map { .string($0) })],
      #"key "layer_types" has "linear_attention" at index 1, expected "sliding_attention" or "full_attention""#
    ),
    (
      ["layer_types": .array((0..<4).map { _ in .string("full_attention") })],
      "sliding_window_layers (\"layer_types\") has 4 entries, expected one for each of 5 layers"
    ),
    (
      ["num_kv_shared_layers": .integer(4)],
      "layer 2 shares keys and values, but no earlier layer of its type has its own"
    ),
    (["num_kv_shared_layers": .integer(9)], "shared_key_value_layer_count is 9.0, which is out of range"),
    (
      ["use_bidirectional_attention": .string("all")],
      #"key "use_bidirectional_attention" has "all", expected "vision""#
    ),
    (
      [
        "global_head_dim": .null,
        "per_layer_config": .members([
          "2": .members(["head_dim": .integer(16)]), "4": .members(["head_dim": .integer(32)]),
        ]),
      ],
      #"key "per_layer_config.*.head_dim" is [16, 32], which differs by layer, expected one value for all 2 layers"#
    ),
  ]

  @Test("are refused where they contradict each other", arguments: refused)
  func refusal(changes: JSON.Object, message: String) throws {
    let error = #expect(throws: HyperparameterError.self) { _ = try Hyperparameters(set(changes)) }
    #expect(error?.description == message)
  }

  @Test("of a GGUF are lists with an entry for each layer")
  func metadata() throws {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: "gemma4"))
    var metadata = Metadata()
    for (key, value) in [
      ("block_count", 3), ("embedding_length", 32), ("attention.head_count", 4), ("context_length", 64),
    ] {
      metadata["gemma4.\(key)"] = .uint32(UInt32(value))
    }
    metadata["gemma4.attention.key_length"] = .uint32(16)
    metadata["gemma4.attention.key_length_swa"] = .uint32(8)
    metadata["gemma4.attention.shared_kv_layers"] = .uint32(1)
    metadata["gemma4.attention.sliding_window_pattern"] = .array(.bool([true, false, true]))
    metadata["gemma4.attention.head_count_kv"] = .array(.int32([2, 1, 2]))
    metadata["gemma4.feed_forward_length"] = .array(.int32([64, 64, 128]))
    let observed = ArchitectureDefinition.ObservedTensors(
      layerCount: 3, roles: [], rows: ["token_embedding": 96, "layer_token_embedding": 96])
    let set = try definition.hyperparameters(of: metadata, observed: observed)
    #expect(set.integer("sliding_key_value_head_count") == 2 && set.integer("global_key_value_head_count") == 1)
    #expect(set.integer("base_feed_forward_length") == 64 && set.flag("doubles_shared_feed_forward"))
    #expect(try Hyperparameters(set).byLayer.headDimensions == [8, 16, 8])
    metadata["gemma4.feed_forward_length"] = .array(.int32([64, 64]))
    let error = #expect(throws: HyperparameterError.self) {
      try definition.hyperparameters(of: metadata, observed: observed)
    }
    #expect(
      error?.description
        == "feed_forward_length (\"gemma4.feed_forward_length\") has 2 entries, expected one for each of 3 layers")
  }

  @Test(
    "leave factors of proportional RoPE that give the same scaling again", arguments: [0.25, 0.5, 0.75], [1.0, 8.0])
  func proportionalFactors(share: Double, factor: Double) {
    let factors = ProportionalRopeFactors.factors(share: share, factor: factor, dimensionCount: 16)
    #expect(factors == (0..<8).map { $0 < Int(8 * share) ? Float(factor) : 1e30 })
    #expect(ProportionalRopeFactors.scaling(from: factors) == .proportional(share: share, factor: factor))
    #expect(ProportionalRopeFactors.scaling(from: factors.reversed()) == nil)
    #expect(ProportionalRopeFactors.scaling(from: factors.map { $0 == 1e30 ? 2 : $0 }) == nil)
  }
}

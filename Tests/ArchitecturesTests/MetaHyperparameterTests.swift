import Architectures
import Bytes
import Testing

/// Meta's params.json, read and written.
@Suite("Meta's params.json")
struct MetaHyperparameterTests {
  let llama: ArchitectureDefinition

  init() throws { llama = try #require(try ArchitectureLibrary.bundled().definition(named: "llama")) }

  private func json(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  private func read(_ text: String) throws -> HyperparameterSet {
    let observed = ArchitectureDefinition.ObservedTensors(
      layerCount: 2, roles: [], rows: ["token_embedding": 64, "feed_forward_gate": 96])
    return try llama.hyperparameters(ofMeta: try json(text), observed: observed)
  }

  static let scaled = RotaryScaling.llama3(
    factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)

  static let scalings: [(params: String, scaling: RotaryScaling)] = [
    (#"{"use_scaled_rope":true}"#, scaled), (#"{"use_scaled_rope":false}"#, .none), ("{}", .none),
    (
      #"{"use_scaled_rope":true,"rope_scaling_factor":16,"rope_high_freq_factor":1}"#,
      .llama3(factor: 16, lowFrequencyFactor: 1, highFrequencyFactor: 1, originalContextLength: 8192)
    ),
    (#"{"model":{"use_scaled_rope":true}}"#, scaled),
  ]

  @Test("reads the scaling", arguments: scalings)
  func scaling(params: String, scaling: RotaryScaling) throws {
    #expect(try read(params).rotaryScaling == scaling)
  }

  @Test("writes what is read")
  func roundTrip() throws {
    let params = #"""
      {"n_layers":2,"max_seq_len":4096,"dim":64,"n_heads":4,"n_kv_heads":2,"norm_eps":1e-05,"vocab_size":64,
      "rope_theta":500000.0,"multiple_of":32,"ffn_dim_multiplier":0.5,"head_dim":32,"use_scaled_rope":true,"rope_scaling_factor":32.0}
      """#
    #expect(try JSON.object(llama.metaMembers(read(params))) == json(params))
    let usual = llama.metaMembers(try read(#"{"dim":64,"n_heads":4,"use_scaled_rope":true}"#))
    #expect(usual["use_scaled_rope"] == .bool(true) && usual["rope_scaling_factor"] == nil && usual["head_dim"] == nil)
    #expect(usual["vocab_size"] == .integer(64))
  }

  @Test(
    "states the context in either program's words",
    arguments: [
      (#"{"max_seq_len":4096}"#, 4096), (#"{"max_position_embeddings":131072}"#, 131_072),
      (#"{"max_seq_len":-1,"max_position_embeddings":64}"#, 64), ("{}", 2048),
    ])
  func context(params: String, length: Int) throws {
    #expect(try read(params).integer("context_length") == length)
    #expect(try llama.metaRemarks(json(params)).isEmpty)
  }

  @Test("takes -1 for no value", arguments: [(-1, 64), (60, 60)])
  func vocabularySize(stated: Int, size: Int) throws {
    #expect(try read(#"{"vocab_size":\#(stated)}"#).integer("vocabulary_size") == size)
  }

  /// Width and inner width of published models, and what is written for them.
  @Test(
    "writes what gives the inner width",
    arguments: [
      (4096, 11008, 256, nil), (5120, 13824, 256, nil), (8192, 28672, 1024, 1.3), (4096, 14336, 256, 1.3),
      (2048, 8192, 4096, nil), (3072, 8192, 256, nil), (32, 64, 64, 0.7), (2048, 5632, 256, nil), (576, 1536, 256, nil),
      (64, 160, 32, 0.9),
    ] as [(Int, Int, Int, Double?)])
  func innerWidth(dim: Int, length: Int, multiple: Int, multiplier: Double?) throws {
    var set = try read("{}")
    set.values["embedding_length"] = .integer(dim)
    set.values["feed_forward_length"] = .integer(length)
    let members = llama.metaMembers(set)
    #expect(members["multiple_of"] == .integer(multiple))
    #expect(members["ffn_dim_multiplier"]?.real == multiplier)
  }

  static let remarks: [(params: String, remarks: [String])] = [
    (#"{"dim":64,"multiple_of":256,"ffn_dim_multiplier":1.3,"vocab_size":-1,"max_batch_size":4}"#, []),
    (
      #"{"moe":{"num_experts":8},"sliding_window":4096}"#,
      [#"params.json: "moe" and "sliding_window" are not read and may change the computation"#]
    ),
    (
      #"{"use_qk_norm":true,"lora_args":null}"#,
      [#"params.json: "use_qk_norm" is not read and may change the computation"#]
    ),
    (
      #"{"use_scaled_rope":true}"#,
      [
        #"params.json: "use_scaled_rope" states no factor, so that of Llama 3.1, 8, is assumed (the configurations of"#
          + " Llama 3.2 1B and 3B for transformers have 32)"
      ]
    ),
    (#"{"use_scaled_rope":true,"rope_scaling_factor":8}"#, []),
  ]

  @Test("names members that are not read", arguments: remarks)
  func unread(params: String, remarks: [String]) throws {
    #expect(llama.metaRemarks(try json(params)) == remarks)
  }

  @Test("names what params.json has no member for")
  func lost() throws {
    var set = try read("{}")
    #expect(llama.lostInMeta(set).isEmpty)
    set.rotaryScaling = .linear(factor: 2)
    set.values["activation"] = .text("gelu")
    set.values["feed_forward_length"] = .integer(12289)
    set.values["embedding_length"] = .integer(4096)
    #expect(llama.lostInMeta(set) == ["hidden_act gelu", "intermediate_size 12289", #"rotary scaling "linear""#])
  }
}

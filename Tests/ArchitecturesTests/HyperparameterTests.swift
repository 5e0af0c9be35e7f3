import Architectures
import Bytes
import Tensors
import TestSupport
import Testing

@Suite("Hyperparameters")
struct HyperparameterTests {
  let llama: ArchitectureDefinition

  init() throws {
    llama = try #require(try ArchitectureLibrary.bundled().definition(named: "llama"))
  }

  func hyperparameters(_ json: String) throws -> HyperparameterSet {
    try llama.hyperparameters(of: Configuration(try JSON(parsing: Array(json.utf8))))
  }

  @Test("take the defaults of transformers if absent")
  func defaults() throws {
    let mistral = try #require(try ArchitectureLibrary.bundled().definition(named: "mistral"))
    let json = try JSON(parsing: Array(#"{"model_type":"mistral","num_attention_heads":16,"rope_theta":1e6}"#.utf8))
    let set = try mistral.hyperparameters(of: Configuration(json))
    #expect(set.integer("sliding_window") == 4096)
    let without = try JSON(parsing: Array(#"{"model_type":"mistral","sliding_window":null}"#.utf8))
    #expect(try mistral.hyperparameters(of: Configuration(without)).integer("sliding_window") == nil)
    #expect(try hyperparameters(#"{"sliding_window":64}"#).integer("sliding_window") == nil)
    #expect(set.integer("feed_forward_length") == 14336)
    #expect(set.integer("key_value_head_count") == 8)
    #expect(set.integer("head_dimension") == 256)
    #expect(set.real("rotary_base") == 1e6)
    #expect(try hyperparameters("{}").integer("key_value_head_count") == 32)
  }

  @Test(
    "take the context length of the class in transformers if config.json has none",
    arguments: [
      ("qwen2", "qwen2", 32768), ("gemma3", "gemma3_text", 131072), ("stablelm", "stablelm", 4096),
      ("phi2", "phi", 2048),
    ])
  func silentContext(name: String, type: String, length: Int) throws {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: name))
    let json = try JSON(parsing: Array(#"{"model_type":"\#(type)"}"#.utf8))
    let set = try definition.hyperparameters(of: Configuration(json))
    #expect(set.integer("context_length") == length)
    #expect(set.explicit.contains("context_length"))
  }

  @Test("read the threshold of NLPE, write it again, and say that a GGUF has no key for it")
  func piecewiseScaling() throws {
    let scaling = try hyperparameters(
      #"{"rope_scaling":{"type":"nlpe","dist_threshold":2048,"factor":8}}"#
    ).rotaryScaling
    #expect(scaling == .piecewise(.init(threshold: 2048, factor: 8)))
    let written = try #require(scaling.configurationMember)
    #expect(try hyperparameters(#"{"rope_scaling":\#(written.text(.compact))}"#).rotaryScaling == scaling)
    #expect(scaling.lostInGGUF(of: llama) == [#"rotary scaling "nlpe""#])
    #expect(
      try hyperparameters(#"{"rope_scaling":{"type":"nlpe","dist_threshold":7}}"#).rotaryScaling
        == .piecewise(.init(threshold: 7)))
    for wrong in [
      #"{"type":"nlpe"}"#, #"{"type":"nlpe","dist_threshold":0}"#, #"{"type":"nlpe","dist_threshold":2.5}"#,
      #"{"type":"nlpe","dist_threshold":1e300}"#, #"{"type":"nlpe","dist_threshold":8,"factor":0.5}"#,
    ] {
      #expect(throws: HyperparameterError.self) { try hyperparameters(#"{"rope_scaling":\#(wrong)}"#) }
    }
  }

  @Test("come from the key that llama.cpp reads if a GGUF has two", arguments: ["t5", "t5-encoder"])
  func firstOfTwoKeys(name: String) throws {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: name))
    let architecture = try #require(definition.ggufArchitecture)
    var metadata = Metadata()
    metadata["\(architecture).attention.layer_norm_epsilon"] = .float32(0x1p-10)
    let observed = ArchitectureDefinition.ObservedTensors(layerCount: 1, roles: [], rows: [:])
    #expect(try definition.hyperparameters(of: metadata, observed: observed).real("norm_epsilon") == 0x1p-10)
    metadata["\(architecture).attention.layer_norm_rms_epsilon"] = .float32(0x1p-8)
    #expect(try definition.hyperparameters(of: metadata, observed: observed).real("norm_epsilon") == 0x1p-8)
  }

  @Test(
    "knows the scores' scale of the largest Gemma by its layers, as llama.cpp does",
    arguments: [
      ("gemma2", 46, 4608, 32, 128, 144), ("gemma2", 42, 3584, 16, 256, 256), ("gemma3", 62, 5376, 32, 128, 168),
      ("gemma3", 48, 3840, 16, 256, 256),
    ])
  func scale(name: String, layers: UInt32, width: UInt32, heads: UInt32, head: UInt32, scalar: Int) throws {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: name))
    var metadata = Metadata()
    metadata["\(name).block_count"] = .uint32(layers)
    metadata["\(name).embedding_length"] = .uint32(width)
    metadata["\(name).attention.head_count"] = .uint32(heads)
    metadata["\(name).attention.key_length"] = .uint32(head)
    let set = try definition.hyperparameters(of: metadata, observed: .init(layerCount: nil, roles: [], rows: [:]))
    #expect(set.integer("query_pre_attention_scalar") == scalar)
  }

  @Test("of a text model inside another one are its own")
  func textModel() throws {
    let json = try JSON(
      parsing: Array(
        #"""
        {"architectures":["LlavaForConditionalGeneration"],"model_type":"llava","vision_config":{"hidden_size":8},
        "text_config":{"architectures":["MistralForCausalLM"],"model_type":"mistral","hidden_size":64}}
        """#.utf8))
    let configuration = Configuration(json)
    #expect(configuration.classes == ["MistralForCausalLM", "LlavaForConditionalGeneration"])
    #expect(configuration.modelType == "mistral")
    #expect(configuration.json["hidden_size"]?.integer == 64)
    let members = configuration.textMembers
    #expect(members["vision_config"] == nil && members["text_config"] == nil)
    #expect(members["model_type"] == .string("mistral"))
  }

  @Test("are equal from config.json of transformers 4 and 5")
  func bothVersions() throws {
    let four = try hyperparameters(
      #"{"rope_theta":5e5,"rope_scaling":{"type":"yarn","factor":4.0,"original_max_position_embeddings":64}}"#)
    let five = try hyperparameters(
      #"{"rope_parameters":{"rope_theta":5e5,"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":64}}"#)
    #expect(four == five)
    #expect(four.rotaryScaling == .yarn(.init(factor: 4, originalContextLength: 64)))
  }

  static let refused: [(json: String, message: String)] = [
    (#"{"hidden_size":"big"}"#, "key \"hidden_size\" is a string, expected a whole number"),
    (#"{"hidden_size":-4}"#, "key \"hidden_size\" is a number, expected a whole number"),
    (
      #"{"num_attention_heads":0}"#,
      "key \"num_attention_heads\" is 0, expected at least 1 (remove the key if it states nothing)"
    ),
    (#"{"head_dim":0}"#, "key \"head_dim\" is 0, expected at least 1 (remove the key if it states nothing)"),
    (
      #"{"num_key_value_heads":[4,2,4]}"#,
      "key \"num_key_value_heads\" is [4, 2, 4], which differs by layer, expected one value for all 3 layers"
    ),
    (
      #"{"intermediate_size":[1,1,1,1,2]}"#,
      "key \"intermediate_size\" is [1, 1, 1, 1, …], which differs by layer, expected one value for all 5 layers"
    ),
    (#"{"rope_theta":1e999}"#, "key \"rope_theta\" is 1e999, expected a finite number"),
    (#"{"rope_theta":[1e999,1e999]}"#, "key \"rope_theta\" is [1e999,1e999], expected a finite number"),
    (
      #"{"num_key_value_heads":[0,0]}"#,
      "key \"num_key_value_heads\" is 0, expected at least 1 (remove the key if it states nothing)"
    ),
    (#"{"num_key_value_heads":[]}"#, "key \"num_key_value_heads\" is an array, expected a whole number"),
    (#"{"num_key_value_heads":[4,"x"]}"#, "key \"num_key_value_heads\" is an array, expected a whole number"),
    (
      #"{"rope_scaling":{"rope_type":"spiral"}}"#,
      "rotary scaling \"spiral\" is unknown (known: linear, dynamic, llama3, yarn, longrope, nlpe, proportional)"
    ),
    (#"{"rope_scaling":{"type":"linear"}}"#, "rotary scaling \"linear\" has no number \"factor\""),
    (#"{"num_attention_heads":6,"num_key_value_heads":4}"#, "head_count 6 is not a multiple of key_value_head_count 4"),
    (#"{"head_dim":7}"#, "head_dimension is 7, expected an even number"),
    (#"{"rms_norm_eps":0}"#, "norm_epsilon is 0.0, which is out of range"),
  ]

  @Test("reads equal numbers for all layers as one number")
  func equalNumbers() throws {
    let set = try hyperparameters(
      #"{"num_key_value_heads":[4,4,4.0],"head_dim":[64],"rms_norm_eps":[1e-5,0.00001],"attention_bias":[true,true]}"#)
    #expect(set.integer("key_value_head_count") == 4 && set.integer("head_dimension") == 64)
    #expect(set.real("norm_epsilon") == 1e-5 && set.flag("has_attention_bias"))
    var metadata = Metadata()
    metadata["llama.attention.head_count_kv"] = .array(.int32([2, 2]))
    metadata["llama.attention.head_count"] = .array(.uint64([8, 8]))
    metadata["llama.attention.layer_norm_rms_epsilon"] = .array(.float32([1e-5, 1e-5]))
    let observed = ArchitectureDefinition.ObservedTensors(layerCount: 2, roles: [], rows: [:])
    let read = try llama.hyperparameters(of: metadata, observed: observed)
    #expect(read.integer("key_value_head_count") == 2 && read.integer("head_count") == 8)
    #expect(read.real("norm_epsilon") == 1e-5)
    metadata["llama.attention.head_count_kv"] = .array(.int32([2, 4]))
    #expect { try llama.hyperparameters(of: metadata, observed: observed) } throws: {
      "\($0)" == "key \"llama.attention.head_count_kv\" is [2, 4], which differs by layer, expected one value for all"
        + " 2 layers"
    }
  }

  @Test("refuses", arguments: refused)
  func refusal(json: String, message: String) {
    #expect { try Hyperparameters(hyperparameters(json)) } throws: { "\($0)" == message }
  }

  @Test("with layer patterns count from the first layer and are bounded")
  func layerPatterns() throws {
    var set = try hyperparameters(#"{"num_hidden_layers":7}"#)
    set.values["sliding_window_pattern"] = .integer(3)
    set.values["rotated_layers"] = .list([1, 0, 1, 0, 1, 0, 1, 1].map { .integer($0) })
    let numbers = try Hyperparameters(set)
    #expect(numbers.windowedLayers == [true, true, false, true, true, false, true])
    #expect(numbers.rotatedLayers == [true, false, true, false, true, false, true])
    set.values["layer_count"] = .integer(1 << 40)
    #expect(throws: HyperparameterError.self) { try Hyperparameters(set) }
    set.values["layer_count"] = .integer(9)
    #expect { try Hyperparameters(set) } throws: {
      "\($0)" == "rotated_layers has 8 entries, expected one for each of 9 layers"
    }
  }

  @Test("choose among an architecture's naming schemes")
  func schemeCondition() throws {
    var set = try hyperparameters("{}")
    set.values["parallel_residual"] = .bool(true)
    set.values["uses_alibi"] = .bool(true)
    set.values["activation"] = .text("gelu_new")
    let features = try Hyperparameters(set).features
    #expect(features.residual == .parallel && features.positions == .alibi && features.activation == .geluTanh)
    set.values["activation"] = .text("mish")
    #expect { try Hyperparameters(set) } throws: {
      "\($0)" == "activation \"mish\" is unknown (known: silu, gelu, gelu_new, relu, relu2)"
    }
  }

  @Test("recover the llama3 scaling from its factors")
  func llama3Factors() throws {
    for (dimension, base, original, factor) in [(128, 500000.0, 8192, 8.0), (64, 500000, 8192, 32), (16, 1e4, 32, 4)] {
      let scaling = RotaryScaling.llama3(
        factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: original)
      let factors = try #require(
        Llama3RopeFactors.factors(RotaryEmbedding(base: base, dimensionCount: dimension, scaling: scaling)))
      #expect(Llama3RopeFactors.scaling(from: factors, base: base, dimensionCount: dimension) == scaling)
    }
  }

  @Test("are equal when written and read again")
  func writtenConfiguration() throws {
    var set = try hyperparameters(#"{"rms_norm_eps":1e-05,"num_key_value_heads":4}"#)
    set.rotaryScaling = .llama3(
      factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    let written = Configuration(.object(llama.configurationMembers(set)))
    #expect(try llama.hyperparameters(of: written) == set)
  }

  @Test(
    "give the number of heads of Falcon that share a key",
    arguments: [
      (#"{"num_attention_heads":8,"multi_query":true,"num_kv_heads":8}"#, 1),
      (#"{"num_attention_heads":8,"multi_query":false}"#, 8),
      (#"{"num_attention_heads":8,"new_decoder_architecture":true,"num_kv_heads":2}"#, 2),
      (#"{"num_attention_heads":8}"#, 1),
    ])
  func falconKeyHeads(json: String, expected: Int) throws {
    let falcon = try #require(try ArchitectureLibrary.bundled().definition(named: "falcon"))
    let set = try falcon.hyperparameters(of: Configuration(try JSON(parsing: Array(json.utf8))))
    #expect(set.integer("key_value_head_count") == expected)
  }

  @Test(
    "reads labels by their indices, and none that transformers makes up",
    arguments: [
      (#"{"id2label":{"10":"c","2":"b","0":"a"}}"#, ["a", "b", "c"]),
      (#"{"id2label":{"0":"LABEL_0","1":"LABEL_1"}}"#, nil),
      ("{}", nil),
    ] as [(String, [String]?)])
  func labels(json: String, expected: [String]?) throws {
    let bert = try #require(try ArchitectureLibrary.bundled().definition(named: "bert"))
    let set = try bert.hyperparameters(of: Configuration(try JSON(parsing: Array(json.utf8))))
    #expect(set.list("output_labels")?.map(\.description) == expected)
    let written = bert.configurationMembers(set)["id2label"]
    #expect(
      written
        == expected.map {
          JSON.object(JSON.Object(uniqueKeysWithValues: $0.enumerated().map { (ExactString("\($0)"), .string($1)) }))
        })
  }

  @Test("refuse labels that are not a list")
  func labelsTest() throws {
    let bert = try #require(try ArchitectureLibrary.bundled().definition(named: "bert"))
    let json = try JSON(parsing: Array(#"{"id2label":{"first":"a"}}"#.utf8))
    #expect(throws: HyperparameterError.self) { try bert.hyperparameters(of: Configuration(json)) }
  }

  @Test("recover the multiplier of DeepSeek's scaling from a GGUF")
  func yarnMultiplier() throws {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: "deepseek-v2"))
    var metadata = Metadata()
    metadata["deepseek2.rope.scaling.type"] = .string("yarn")
    metadata["deepseek2.rope.scaling.factor"] = .float32(4)
    metadata["deepseek2.rope.scaling.yarn_log_multiplier"] = .float32(0.0707)
    metadata["deepseek2.rope.dimension_count"] = .uint32(8)
    metadata["deepseek2.attention.key_length_mla"] = .uint32(24)
    for key in ["block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count"] {
      metadata["deepseek2.\(key)"] = .uint32(2)
    }
    let set = try definition.hyperparameters(of: metadata, observed: .init(layerCount: 2, roles: [], rows: [:]))
    let scaling = set.rotaryScaling.configurationMember
    #expect(scaling?["mscale"]?.real.map(Float.init) == 0.707)
    #expect(scaling?["mscale_all_dim"]?.real.map(Float.init) == 0.707)
  }
}

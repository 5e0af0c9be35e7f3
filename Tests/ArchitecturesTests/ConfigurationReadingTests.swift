import Architectures
import Bytes
import Tensors
import Testing

/// What config.json says of the computation; the expectations are what transformers 5.23 makes of the same text.
@Suite("A configuration")
struct ConfigurationReadingTests {
  /// The parameters of a configuration that states its sizes besides.
  func read(_ name: String, _ json: String) throws -> (ArchitectureDefinition, HyperparameterSet) {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: name))
    var members = try #require(try JSON(parsing: Array(json.utf8)).object)
    let sizes = [
      "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 99,
      "num_hidden_layers": 5, "max_position_embeddings": 64, "num_experts_per_tok": 2, "moe_intermediate_size": 8,
    ]
    for (key, value) in sizes where members[ExactString(key)] == nil { members[ExactString(key)] = .integer(value) }
    return (definition, try definition.hyperparameters(of: Configuration(.object(members))))
  }

  func hyperparameters(_ name: String, _ json: String) throws -> Hyperparameters {
    let (definition, set) = try read(name, json)
    return try Hyperparameters(set, features: try #require(definition.forwardPass))
  }

  static let windows: [(name: String, json: String, window: Int?, layers: String)] = [
    ("qwen2", #""use_sliding_window":true,"max_window_layers":2"#, 8, "--www"),
    ("qwen2", #""use_sliding_window":false,"max_window_layers":2"#, nil, ""),
    ("qwen2", #""max_window_layers":2,"layer_types":["sliding_attention"]"#, nil, ""),
    ("qwen3", #""use_sliding_window":true,"max_window_layers":9"#, 8, "-----"),
    ("qwen2-moe", #""use_sliding_window":true,"max_window_layers":4"#, 8, "w-w--"),
    ("qwen3-moe", #""use_sliding_window":true,"max_window_layers":1"#, 8, ""),
    ("smollm3", #""use_sliding_window":true"#, 8, "---w-"),
    ("smollm3", #""use_sliding_window":false"#, nil, ""),
    ("cohere2", #""sliding_window_pattern":3"#, 8, "ww-ww"),
    (
      "cohere2",
      #""sliding_window_pattern":3,"layer_types":["full_attention","full_attention","sliding_attention","full_attention","sliding_attention"]"#,
      8, "--w-w"
    ),
    ("olmo3", #""model_type":"olmo3""#, 8, "www-w"),
    ("exaone4", #""sliding_window_pattern":"LLG""#, 8, "ww-ww"),
    ("exaone4", #""sliding_window_pattern":2"#, 8, "w-w-w"),
    (
      "qwen3",
      #""use_sliding_window":true,"max_window_layers":0,"layer_types":["sliding_attention","full_attention","sliding_attention","full_attention","full_attention"]"#,
      8, "w-w--"
    ),
  ]

  @Test("finds the layers with a sliding window", arguments: windows)
  func windowedLayers(name: String, json: String, window: Int?, layers: String) throws {
    let numbers = try hyperparameters(name, #"{"sliding_window":8,\#(json)}"#)
    #expect(numbers.slidingWindow == window)
    guard window != nil else { return }
    #expect((numbers.windowedLayers ?? []).map { $0 ? "w" : "-" }.joined() == layers)
  }

  @Test(
    "rotates only layers with a sliding window, or all if there is none",
    arguments: [
      ("cohere2", "8", "rrr-r"), ("exaone4", "8", "rrr-r"), ("exaone4", "null", ""), ("olmo3", "8", ""),
    ])
  func rotatedLayers(name: String, window: String, layers: String) throws {
    let numbers = try hyperparameters(name, #"{"model_type":"\#(name)","sliding_window":\#(window)}"#)
    #expect((numbers.rotatedLayers ?? []).map { $0 ? "r" : "-" }.joined() == layers)
  }

  /// The class of transformers does not scale layers with a window, and gives them the base 500000 unless it is stated.
  @Test(
    "gives OLMo 3's layers with a sliding window their base",
    arguments: [
      ("", 10000.0), (#""model_type":"olmo3","rope_theta":20000.0"#, 500000),
      (#""model_type":"olmo3","rope_parameters":{"sliding_attention":{"rope_theta":7000.0}}"#, 7000),
    ])
  func localBase(json: String, base: Double) throws {
    let (definition, set) = try read("olmo3", "{\(json)}")
    #expect(set.real("rotary_local_base") == base)
    let members = definition.configurationMembers(set)
    #expect(members["rope_parameters"]?["sliding_attention"]?["rope_theta"] == .real(base))
    #expect(members["rope_parameters"]?["full_attention"]?["rope_theta"] == members["rope_theta"])
  }

  @Test("loses only other sliding windows of Command R7B")
  func slidingWindowPattern() throws {
    let (cohere2, usual) = try read(
      "cohere2",
      #"{"layer_types":["sliding_attention","sliding_attention","sliding_attention","full_attention","sliding_attention"]}"#
    )
    #expect(cohere2.hyperparametersLostInGGUF(usual).isEmpty)
    let (_, other) = try read("cohere2", #"{"sliding_window_pattern":2}"#)
    #expect(cohere2.hyperparametersLostInGGUF(other).map(\.name) == ["sliding_window_pattern"])
  }

  @Test("loses a pattern of Trinity's layers from which nothing that a GGUF has follows")
  func patternOfLayers() throws {
    let (afmoe, usual) = try read("afmoe", #"{"model_type":"afmoe","mup_enabled":true,"global_attn_every_n_layers":4}"#)
    #expect(afmoe.hyperparametersLostInGGUF(usual).isEmpty)
    let (_, other) = try read("afmoe", #"{"model_type":"afmoe","mup_enabled":true,"global_attn_every_n_layers":2}"#)
    #expect(afmoe.hyperparametersLostInGGUF(other).map(\.name) == ["global_attn_every_n_layers"])
  }

  @Test(
    "reads null key-value heads as the number of heads, not the default of the class",
    arguments: [("qwen2", "null", 4), ("yi", "null", 4), ("llama", "null", 4), ("qwen2", "2", 2)])
  func nullHeads(name: String, stated: String, count: Int) throws {
    let json = #"{"model_type":"\#(name == "yi" ? "Yi" : name)","num_key_value_heads":\#(stated)}"#
    #expect(try read(name, json).1.integer("key_value_head_count") == count)
  }

  @Test("does not lose a sliding window that is not used")
  func unusedSlidingWindow() throws {
    let (definition, unused) = try read("qwen2", #"{"sliding_window":4096,"max_window_layers":21}"#)
    #expect(definition.hyperparametersLostInGGUF(unused).isEmpty)
    let (_, used) = try read("qwen2", #"{"sliding_window":4096,"use_sliding_window":true}"#)
    #expect(definition.hyperparametersLostInGGUF(used).map(\.name) == ["sliding_window"])
  }

  static let activations: [(name: String, json: String, expected: ForwardPassFeatures.Activation)] = [
    ("llama", #"{"hidden_act":"gelu"}"#, .gelu), ("llama", "{}", .silu),
    ("qwen2", #"{"hidden_act":"relu2"}"#, .reluSquared),
    ("starcoder2", #"{"hidden_act":"silu"}"#, .silu), ("starcoder2", "{}", .geluTanh),
    // The first releases say "gelu" and mean its approximation; Gemma 2 and 3 look at another key.
    ("gemma", #"{"hidden_act":"gelu","hidden_activation":null}"#, .geluTanh),
    ("gemma", #"{"hidden_act":"relu"}"#, .relu), ("gemma3", #"{"hidden_act":"relu"}"#, .geluTanh),
    ("gemma2", #"{"hidden_act":"relu","hidden_activation":"gelu"}"#, .gelu),
    ("gpt2", #"{"activation_function":"relu"}"#, .relu), ("falcon", #"{"activation":"silu"}"#, .silu),
    ("falcon", "{}", .gelu),
  ]

  @Test("reads the explicit activation", arguments: activations)
  func activation(name: String, json: String, expected: ForwardPassFeatures.Activation) throws {
    #expect(try hyperparameters(name, json).features.activation == expected)
  }

  @Test("loses only another activation")
  func activationTest() throws {
    let (gpt2, usual) = try read("gpt2", #"{"activation_function":"gelu_pytorch_tanh"}"#)
    #expect(gpt2.hyperparametersLostInGGUF(usual).isEmpty)
    let (_, other) = try read("gpt2", #"{"activation_function":"relu"}"#)
    #expect(gpt2.hyperparametersLostInGGUF(other).map(\.name) == ["activation_function"])
  }

  @Test("may scale the attention of GPT-2 otherwise")
  func attentionScale() throws {
    let plain = try hyperparameters("gpt2", "{}").scales
    #expect(plain.attention == nil && !plain.dividesAttentionByLayer)
    let scales = try hyperparameters(
      "gpt2", #"{"scale_attn_weights":false,"scale_attn_by_inverse_layer_idx":true}"#
    ).scales
    #expect(scales.attention == 1 && scales.dividesAttentionByLayer)
  }

  /// A longer `model_max_length` is not what transformers measures a sequence against.
  @Test("begins dynamic scaling beyond max_position_embeddings")
  func dynamicScaling() throws {
    let json = #"{"model_max_length":512,"max_position_embeddings":64,"rope_scaling":{"type":"dynamic","factor":2.0}}"#
    let (_, set) = try read("command-r", json)
    #expect(set.rotaryScaling == .dynamic(factor: 2, originalContextLength: 64))
    #expect(set.integer("context_length") == 512)
  }

  @Test("gives the low-rank norms of DeepSeek their own epsilon")
  func lowRankEpsilon() throws {
    let numbers = try hyperparameters(
      "deepseek-v2", #"{"rms_norm_eps":0.001,"n_routed_experts":null,"qk_nope_head_dim":8,"qk_rope_head_dim":8}"#)
    #expect(numbers.normEpsilon == 0.001 && numbers.latentAttention?.normEpsilon == 1e-6)
  }

  @Test("writes the experts of DeepSeek under the key that transformers reads")
  func expertKey() throws {
    let (deepseek, set) = try read("deepseek-v2", #"{"n_routed_experts":6,"qk_nope_head_dim":8}"#)
    #expect(deepseek.configurationMembers(set)["n_routed_experts"] == .integer(6))
  }

  @Test("reads null as no soft cap")
  func softCaps() throws {
    let json = #"{"attn_logit_softcapping":null,"final_logit_softcapping":null}"#
    let none = try hyperparameters("gemma2", json).scales, usual = try hyperparameters("gemma2", "{}").scales
    #expect(none.attentionSoftcap == nil && none.logitSoftcap == nil)
    #expect(usual.attentionSoftcap == 50 && usual.logitSoftcap == 30)
    let (gemma2, set) = try read("gemma2", json)
    #expect(gemma2.configurationMembers(set)["final_logit_softcapping"] == .null)
  }

  @Test("writes that attention has biases", arguments: ["qwen3", "qwen3-moe", "gemma", "gemma2", "gemma3", "llama"])
  func biases(name: String) throws {
    let (definition, set) = try read(name, #"{"attention_bias":true}"#)
    #expect(definition.configurationMembers(set)["attention_bias"] == .bool(true))
    #expect(definition.hyperparametersLostInGGUF(set).isEmpty)
  }

  @Test("writes an absent sliding window as null", arguments: ["phi3", "exaone4"])
  func noWindow(name: String) throws {
    let (definition, set) = try read(name, #"{"model_type":"\#(name)","sliding_window":null}"#)
    #expect(set.integer("sliding_window") == 0)
    let members = definition.configurationMembers(set)
    #expect(members["sliding_window"] == .null)
    // transformers' class of EXAONE 4 finds out no other way that there is none.
    let full = JSON.array(Array(repeating: .string("full_attention"), count: 5))
    #expect(members["layer_types"] == (name == "exaone4" ? full : nil))
  }
}

/// What a GGUF keeps of a rotary scaling, and what a conversion says that it does not.
@Suite("A RoPE scaling in a GGUF")
struct RotaryScalingLossTests {
  static let yarn = RotaryScaling.YaRN(factor: 4, originalContextLength: 64)

  static func yarn(_ change: (inout RotaryScaling.YaRN) -> Void) -> RotaryScaling {
    var scaling = yarn
    change(&scaling)
    return .yarn(scaling)
  }

  static let losses: [(name: String, scaling: RotaryScaling, lost: [String])] = [
    ("llama", .yarn(yarn), []),
    ("llama", yarn { ($0.mscale, $0.mscaleAllDimensions) = (0.7, 1) }, ["mscale 0.7 of rotary scaling \"yarn\""]),
    ("llama", yarn { $0.mscale = 0.7 }, []),
    ("llama", yarn { ($0.mscale, $0.mscaleAllDimensions, $0.attentionFactor) = (0.7, 1, 1.1) }, []),
    ("deepseek-v2", yarn { ($0.mscale, $0.mscaleAllDimensions) = (0.7, 0.7) }, []),
    ("llama", yarn { $0.truncates = false }, ["truncate false of rotary scaling \"yarn\""]),
    ("llama", .dynamic(factor: 2, originalContextLength: 64), ["rotary scaling \"dynamic\""]),
    ("command-r", .linear(factor: 2), ["rotary scaling \"linear\""]),
    ("falcon", .linear(factor: 2), ["rotary scaling \"linear\""]),
    ("nemotron", .linear(factor: 2), []),
    ("llama", .longrope(.init(fixedFactors: [1, 2], contextLength: 64)), []),
    (
      "llama",
      .longrope(.init(shortFactors: [1, 2], longFactors: [1, 3], originalContextLength: 16, factor: 4)),
      ["rotary scaling \"longrope\""]
    ),
  ]

  @Test("says what is lost", arguments: losses)
  func lost(name: String, scaling: RotaryScaling, lost: [String]) throws {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: name))
    #expect(scaling.lostInGGUF(of: definition) == lost)
  }

  @Test("says none only where nothing is scaled", arguments: [RotaryScaling.none, .linear(factor: 2), .yarn(yarn)])
  func unscaled(scaling: RotaryScaling) throws {
    let nemotron = try #require(try ArchitectureLibrary.bundled().definition(named: "nemotron"))
    let set = HyperparameterSet(rotaryScaling: scaling)
    let types = nemotron.ggufMetadata.flatMap { nemotron.metadata(of: $0, set, explicitRotary: [:]) }
      .filter { $0.key == "nemotron.rope.scaling.type" }.map(\.value)
    let expected: MetadataValue =
      switch scaling {
      case .linear: .string("linear")
      case .yarn: .string("yarn")
      default: .string("none")
      }
    #expect(types == [expected])
  }

  @Test("keeps LongRoPE's factor on the attention", arguments: [nil, 1.25])
  func attentionFactor(stated: Double?) throws {
    let phi3 = try #require(try ArchitectureLibrary.bundled().definition(named: "phi3"))
    let scaling = RotaryScaling.LongRoPE(
      shortFactors: [1, 2], longFactors: [1, 3], originalContextLength: 16, factor: 4, attentionFactor: stated)
    let set = HyperparameterSet(rotaryScaling: .longrope(scaling))
    var metadata = Metadata()
    for (key, value) in phi3.metadata(of: .longRoPEFactor, set, explicitRotary: [:]) { metadata[key] = value }
    let read = RotaryScaling.LongRoPE(
      shortFactors: [1, 2], longFactors: [1, 3], originalContextLength: 16, contextLength: 64, metadata: metadata,
      architecture: "phi3")
    #expect(read == scaling)
  }
}

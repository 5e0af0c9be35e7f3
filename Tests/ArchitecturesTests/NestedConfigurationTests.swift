import Architectures
import Bytes
import Testing

/// Configurations of models with images or sound, as far as they concern the text model.
@Suite("A configuration around a text model")
struct NestedConfigurationTests {
  private func read(_ name: String, _ json: String) throws -> HyperparameterSet {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: name))
    return try definition.hyperparameters(of: Configuration(try JSON(parsing: Array(json.utf8))))
  }

  private static let sizes =
    #""hidden_size":32,"intermediate_size":64,"num_attention_heads":4,"num_key_value_heads":2,"num_hidden_layers":2,"vocab_size":99,"max_position_embeddings":64"#

  @Test(
    "has the text model's members where its class has them",
    arguments: [
      #"{"hidden_size":8,"text_config":{"hidden_size":16,"model_type":"a"}}"#,
      #"{"hidden_size":8,"llm_config":{"hidden_size":16,"model_type":"a"}}"#,
      #"{"hidden_size":8,"lm_config":{"hidden_size":16,"model_type":"a"}}"#,
      #"{"hidden_size":8,"language_config":{"hidden_size":16,"model_type":"a"}}"#,
      #"{"hidden_size":8,"thinker_config":{"text_config":{"hidden_size":16,"model_type":"a"}}}"#,
    ])
  func textMembers(json: String) throws {
    let configuration = Configuration(try JSON(parsing: Array(json.utf8)))
    #expect(configuration.member("hidden_size") == .integer(16))
    #expect(configuration.textModelType == "a")
  }

  @Test(
    "fills the sections of RoPE with zeros to four",
    arguments: [("[16,24,24]", [16, 24, 24, 0]), ("[1,2,3,4,5]", [1, 2, 3, 4])])
  func sections(stated: String, expected: [Int]) throws {
    let rope = #"{"type":"mrope","mrope_section":\#(stated)}"#
    let set = try read("qwen2-vl", "{\(Self.sizes),\"rope_scaling\":\(rope)}")
    #expect(set.list("rotary_sections") == expected.map { .integer($0) })
    #expect(set.rotaryScaling == .none)
  }

  @Test("counts the layers that take in features of images")
  func countedElements() throws {
    #expect(try read("qwen3-vl", "{\(Self.sizes)}").integer("image_feature_layer_count") == 3)
    let stated = "{\(Self.sizes),\"vision_config\":{\"deepstack_visual_indexes\":[8,16]}}"
    #expect(try read("qwen3-vl", stated).integer("image_feature_layer_count") == 2)
    let thinker = "{\"thinker_config\":{\"text_config\":{\(Self.sizes)}}}"
    #expect(try read("qwen3-vl-moe", thinker).integer("image_feature_layer_count") == 0)
  }

  @Test("names a kind of RoPE that is unknown")
  func unknownRope() throws {
    for name in ["qwen3-vl", "hunyuan-dense"] {
      #expect(throws: HyperparameterError.unknownRotaryScaling("xdrope")) {
        try read(name, "{\(Self.sizes),\"rope_scaling\":{\"type\":\"xdrope\"}}")
      }
    }
  }

  @Test(
    "names a scaling of windowed layers, which would be lost", arguments: ["gemma3", "gemma4", "olmo3", "modern-bert"])
  func scaledWindows(name: String) throws {
    func json(_ type: String) -> String {
      let sets = #"{"full_attention":{"rope_type":"default"},"sliding_attention":{"rope_type":"\#(type)","factor":8}}"#
      return "{\(Self.sizes),\"rope_parameters\":\(sets)}"
    }
    _ = try read(name, json("default"))
    for type in ["linear", "unheard_of"] {
      #expect(throws: HyperparameterError.scalesSlidingWindows(type)) { try read(name, json(type)) }
    }
  }

  @Test("needs the original context for the temperature of queries")
  func queryTemperature() throws {
    func numbers(_ rope: String) throws -> Hyperparameters {
      let json = "{\(Self.sizes),\"model_type\":\"ministral3\",\"rope_parameters\":\(rope)}"
      return try Hyperparameters(try read("mistral3", json))
    }
    let yarn = #"{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":16,"llama_4_scaling_beta":0.5}"#
    #expect(try numbers(yarn).queryTemperature == .init(scale: 0.5, interval: 16))
    #expect(try numbers(#"{"rope_type":"default"}"#).queryTemperature == nil)
    #expect(throws: HyperparameterError.self) {
      try numbers(#"{"rope_type":"default","llama_4_scaling_beta":0.5}"#)
    }
  }

  /// transformers' `compute_ntk_alpha_rope_parameters`.
  @Test("enlarges the base of RoPE by an exponent of alpha", arguments: ["dynamic", "xdrope"])
  func enlargedBase(type: String) throws {
    let rope = #""rope_theta":10000.0,"rope_scaling":{"type":"\#(type)","alpha":1000.0}"#
    let set = try read("hunyuan-dense", "{\(Self.sizes),\"head_dim\":128,\(rope)}")
    #expect(abs((set.real("rotary_base") ?? 0) - 11_158_839.9251) < 0.001)
    #expect(set.rotaryScaling == .none)
    #expect(try read("hunyuan-dense", "{\(Self.sizes),\"rope_theta\":7.0}").real("rotary_base") == 7)
  }
}

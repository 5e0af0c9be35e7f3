import Architectures
import Bytes
import TestSupport
import Testing

/// Members of config.json that change the computation and are not read.
@Suite("Members that are not read")
struct UnreadMembersTests {
  static let unread: [(name: String, json: String, keys: [String])] = [
    ("llama", #"{"embedding_multiplier":12.0,"logits_scaling":8.0}"#, ["embedding_multiplier", "logits_scaling"]),
    ("llama", #"{"use_scaled_rope":true}"#, ["use_scaled_rope"]),
    ("llama", #"{"use_qk_norm":true,"clip_qkv":8.0}"#, ["use_qk_norm", "clip_qkv"]),
    ("llama", #"{"partial_rotary_factor":0.5}"#, ["partial_rotary_factor"]),
    ("qwen2", #"{"attn_logit_softcapping":50.0}"#, ["attn_logit_softcapping"]),
    ("mistral", #"{"logit_scale":0.0625,"scale_emb":12}"#, ["logit_scale", "scale_emb"]),
    ("gemma3", #"{"use_bidirectional_attention":true}"#, ["use_bidirectional_attention"]),
    ("gemma3", #"{"attn_logit_softcapping":30.0}"#, ["attn_logit_softcapping"]),
    ("qwen3-moe", #"{"decoder_sparse_step":2,"mlp_only_layers":[0]}"#, ["decoder_sparse_step", "mlp_only_layers"]),
    ("phi2", #"{"qk_layernorm":true}"#, ["qk_layernorm"]),
    ("mpt", #"{"attn_config":{"rope":true,"prefix_lm":true}}"#, ["attn_config.prefix_lm", "attn_config.rope"]),
    ("nomic-bert", #"{"prenorm":true,"rotary_emb_fraction":0.5}"#, ["prenorm", "rotary_emb_fraction"]),
    ("bert", #"{"position_embedding_type":"relative_key"}"#, ["position_embedding_type"]),
    ("command-r", #"{"use_parallel_block":false}"#, ["use_parallel_block"]),
    ("opt", #"{"_remove_final_layer_norm":true}"#, ["_remove_final_layer_norm"]),
    // Those without effect: off, 1, or of programs and training.
    ("t5-encoder", #"{"is_encoder_decoder":false}"#, []),
    ("ernie4-5", #"{"use_rmsnorm":true,"use_fused_rope":true,"use_recompute_attn":true}"#, []),
    ("llama", #"{"use_cache":true,"use_flash_attn":true,"logits_scaling":1.0,"embedding_multiplier":null}"#, []),
    ("llama", #"{"use_mrope":false,"alibi":false,"qk_norm":null,"num_labels":2,"dropout":0.1}"#, []),
    ("granite", #"{"embedding_multiplier":12.0,"logits_scaling":8.0,"residual_multiplier":0.2}"#, []),
    ("gemma3", #"{"use_bidirectional_attention":null}"#, []),
    // Only the text model counts.
    ("gemma3", #"{"vision_config":{"use_head":true},"use_vision_head":true,"text_config":{"hidden_size":32}}"#, []),
  ]

  @Test("finds members that are not read", arguments: unread)
  func members(name: String, json: String, keys: [String]) throws {
    let definition = try #require(try ArchitectureLibrary.bundled().definition(named: name))
    let members = definition.unreadMembers(of: Configuration(try JSON(parsing: Array(json.utf8))))
    #expect(members.map(\.key).sorted() == keys.sorted())
  }

  @Test("names all members and values in one remark")
  func remark() throws {
    let llama = try #require(try ArchitectureLibrary.bundled().definition(named: "llama"))
    func words(_ json: String) throws -> String? {
      llama.unreadRemark(on: Configuration(try JSON(parsing: Array(json.utf8))))
    }
    #expect(
      try words(#"{"embedding_multiplier":12.0,"clip_qkv":8}"#)
        == #"config.json: "embedding_multiplier" is 12.0 and "clip_qkv" is 8: not taken into account, though the"#
        + " computation may depend on them")
    #expect(try words(#"{"use_cache":true}"#) == nil)
    let many = (0..<9).map { "\"use_\($0)\":true" }.joined(separator: ",")
    #expect(try words("{\(many)}")?.contains(" and 3 more: ") == true)
  }

  @Test("says nothing of the fixtures")
  func fixtures() throws {
    let library = try ArchitectureLibrary.bundled()
    let names = try FileSystem.list(Fixtures.path("architectures"))
    #expect(names.count > 50)
    for name in names {
      let configuration = Configuration(try Fixtures.json("architectures", name, "config.json"))
      let inner = configuration.textModelType.flatMap { type in
        library.definitions.first { $0.modelTypes.contains(type) }
      }
      let definition = try #require(
        inner
          ?? library.firstDefinition(of: configuration) { !Set($0.classes).isDisjoint(with: configuration.classes) },
        "\(name)")
      let set = try definition.hyperparameters(of: configuration)
      #expect(definition.conflicts(in: configuration, set).isEmpty, "\(name)")
      #expect(definition.unreadRemark(on: configuration) == nil, "\(name)")
    }
  }

  /// Configurations of public repositories, without members that say nothing here.
  @Test("says nothing of published configurations")
  func published() throws {
    let library = try ArchitectureLibrary.bundled()
    let entries = try #require(try Fixtures.json("configurations", "published.json").array)
    #expect(entries.count > 60)
    for entry in entries {
      let name = entry["name"]?.string ?? ""
      let definition = try #require(library.definition(named: entry["definition"]?.string ?? ""), "\(name)")
      let configuration = Configuration(entry["config"] ?? .null)
      let set = try definition.hyperparameters(of: configuration)
      let remarks =
        definition.conflicts(in: configuration, set) + [definition.unreadRemark(on: configuration)].compactMap(\.self)
      #expect(remarks.isEmpty, "\(name): \(remarks)")
    }
  }
}

import Bytes
import Tensors

/// The arguments of the training program that say how a model computes and how it is split.
struct MegatronArguments {
  /// Those that say how the model computes, which must be the same in all ranks.
  static let names = [
    "num_layers", "hidden_size", "ffn_hidden_size", "num_attention_heads", "group_query_attention", "num_query_groups",
    "kv_channels", "max_position_embeddings", "norm_epsilon", "layernorm_epsilon", "rotary_base", "use_rope_scaling",
    "rope_scaling_factor", "rotary_seq_len_interpolation_factor", "rotary_interleaved", "true_vocab_size", "vocab_size",
    "padded_vocab_size", "untie_embeddings_and_output_weights", "add_bias_linear",
    "tensor_model_parallel_size", "pipeline_model_parallel_size",
  ]

  /// Those of which one value is read. None, or no value, is that one too.
  static let required: KeyValuePairs<String, MetadataValue> = [
    "swiglu": .bool(true), "normalization": .string("RMSNorm"), "position_embedding_type": .string("rope"),
    "rotary_percent": .float64(1), "apply_layernorm_1p": .bool(false),
    "apply_residual_connection_post_layernorm": .bool(false), "multi_latent_attention": .bool(false),
    "expert_model_parallel_size": .int64(1), "num_experts": .int64(0), "rotary_interleaved_patch": .bool(false),
    "qk_layernorm": .bool(false), "add_qkv_bias": .bool(false),
  ]

  /// Whether a grid that is written has the one value that is read. A model without experts has None for their number, and
  /// one argument is FlagScale's own.
  static func isWritten(_ required: String) -> Bool { !["num_experts", "rotary_interleaved_patch"].contains(required) }

  private let rank: String
  private let values: Metadata

  init(_ trainer: TrainerState, in rank: String) throws(MegatronError) {
    self.rank = rank
    values = trainer.values
    let hasArguments = values.pairs.keys.contains { $0.text.hasPrefix(TrainerState.argumentPrefix) }
    guard hasArguments else { throw .noArguments(rank: rank) }
  }

  subscript(_ name: String) -> MetadataValue? { values[TrainerState.argumentPrefix + name] }

  var iteration: Int? { values["iteration"]?.integer }
  /// The order of fused query, key and value rows; before the key was saved, it was 0.
  var version: Double { values["checkpoint_version"]?.real ?? 0 }
  /// The rows of the embedding that tokens use; nil if it is not stated.
  var vocabularySize: Int? { self["true_vocab_size"]?.integer ?? self["vocab_size"]?.integer }

  /// The arguments by `args.NAME`, in the order of `names`.
  var metadata: Metadata {
    var metadata = Metadata()
    for name in Self.names { metadata[TrainerState.argumentPrefix + name] = self[name] }
    return metadata
  }

  /// Requires that another rank has the same arguments.
  func requireSame(_ other: MegatronArguments) throws(MegatronError) {
    for name in Self.names + Self.required.map(\.key) where self[name] != other[name] {
      throw .argumentDiffers(
        name, found: Self.words(other[name]), in: other.rank, expected: Self.words(self[name]), from: rank)
    }
    guard version == other.version else {
      throw .argumentDiffers(
        "checkpoint_version", found: "\(other.version)", in: other.rank, expected: "\(version)", from: rank)
    }
  }

  /// Requires arguments whose meaning is known, and that the grid has the sizes that they state.
  func requireReadable(tensorSize: Int, stageCount: Int) throws(MegatronError) {
    for (name, expected) in Self.required {
      guard let found = self[name], found != expected, found.real == nil || found.real != expected.real else {
        continue
      }
      // The older flag for the same.
      if name == "position_embedding_type", self["use_rotary_position_embeddings"]?.bool == true { continue }
      throw .argument(name, found: Self.words(found), expected: "\(Self.words(expected)) (no other is read)")
    }
    for (name, count) in [("tensor_model_parallel_size", tensorSize), ("pipeline_model_parallel_size", stageCount)] {
      guard let stated = self[name]?.integer, stated != count else { continue }
      throw .argument(name, found: stated.grouped, expected: "\(count.grouped) as there are folders")
    }
  }

  /// A value as Python writes it.
  private static func words(_ value: MetadataValue?) -> String {
    switch value {
    case nil: "None"
    case .bool(let flag)?: flag ? "True" : "False"
    case let value?: value.text.map(\.quoted) ?? value.integer.map(String.init) ?? value.real.map { "\($0)" } ?? "other"
    }
  }
}

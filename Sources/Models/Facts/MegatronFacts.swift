import Architectures
import Bytes
import Formats
import Tensors

/// A grid of Megatron-LM, whose ranks have saved the arguments of the training program.
struct MegatronFacts: ModelFacts {
  let folder: ModelFolder?
  /// The arguments as members of config.json.
  private let huggingFace: HuggingFaceFacts
  /// The arguments that stated the members, by key of config.json.
  private let argumentsByKey: [String: String]

  init(_ checkpoint: Checkpoint, _ folder: ModelFolder?, _ arguments: Metadata) {
    self.folder = folder
    var members = JSON.Object(), stated: [String: String] = [:]
    for (key, names) in Self.keys {
      for name in names.read where members[ExactString(key)] == nil {
        guard let value = arguments[name].flatMap(Self.member) else { continue }
        members[ExactString(key)] = value
        stated[key] = name
      }
    }
    // Groups are stated, and are as many as heads, where queries are not grouped.
    if arguments["group_query_attention"]?.bool == false { members["num_key_value_heads"] = nil }
    if let untied = arguments["untie_embeddings_and_output_weights"]?.bool {
      members["tie_word_embeddings"] = .bool(!untied)
      stated["tie_word_embeddings"] = "untie_embeddings_and_output_weights"
    }
    let hasBias = arguments["add_bias_linear"]?.bool == true
    members["mlp_bias"] = .bool(hasBias)
    members["attention_bias"] = .bool(hasBias)
    members["rope_scaling"] = Self.scaling(arguments)
    argumentsByKey = stated
    huggingFace = HuggingFaceFacts(
      checkpoint: checkpoint, folder: folder, config: Configuration(.object(members)), fileRemarks: [],
      quantization: nil)
  }

  /// The arguments that state a member of config.json.
  struct Names: ExpressibleByStringLiteral {
    /// The first that is there is read.
    let read: [String]
    let written: String

    init(stringLiteral name: String) { self.init(read: [name], written: name) }

    init(read: [String], written: String) {
      self.read = read
      self.written = written
    }
  }

  /// Members of config.json, and the arguments that state the same.
  static let keys: KeyValuePairs<String, Names> = [
    "num_hidden_layers": "num_layers", "hidden_size": "hidden_size", "intermediate_size": "ffn_hidden_size",
    "num_attention_heads": "num_attention_heads", "num_key_value_heads": "num_query_groups",
    "head_dim": "kv_channels", "max_position_embeddings": "max_position_embeddings",
    "rms_norm_eps": Names(read: ["norm_epsilon", "layernorm_epsilon"], written: "norm_epsilon"),
    "rope_theta": "rotary_base",
    "vocab_size": Names(read: ["true_vocab_size", "vocab_size", "padded_vocab_size"], written: "vocab_size"),
  ]
  /// Members that arguments of other kinds state.
  static let otherKeys: Set<String> = ["tie_word_embeddings", "mlp_bias", "attention_bias"]

  private static func member(_ value: MetadataValue) -> JSON? {
    value.integer.map { .integer($0) } ?? value.real.map { .real($0) }
  }

  /// The numbers of `RotaryEmbedding._apply_scaling` of Megatron Core that no argument states.
  enum Llama3Scaling {
    static let lowFrequencyFactor = 1.0, highFrequencyFactor = 4.0, originalContextLength = 8192
  }

  /// The RoPE scaling.
  private static func scaling(_ arguments: Metadata) -> JSON? {
    if arguments["use_rope_scaling"]?.bool == true {
      return .members([
        "rope_type": .string("llama3"), "factor": .real(arguments["rope_scaling_factor"]?.real ?? 8),
        "low_freq_factor": .real(Llama3Scaling.lowFrequencyFactor),
        "high_freq_factor": .real(Llama3Scaling.highFrequencyFactor),
        "original_max_position_embeddings": .integer(Llama3Scaling.originalContextLength),
      ])
    }
    guard let factor = arguments["rotary_seq_len_interpolation_factor"]?.real, factor != 1 else { return nil }
    return .members(["rope_type": .string("linear"), "factor": .real(factor)])
  }

  var hasExplicitHyperparameters: Bool { true }

  func candidates(in library: ArchitectureLibrary) -> [ArchitectureDefinition] { library.definitions }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet {
    try huggingFace.hyperparameters(of: definition, observed: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? {
    guard case .member(let key)? = huggingFace.origin(of: rule, in: definition) else { return nil }
    return argumentsByKey[key].map { .member("args." + $0) }
  }

  func remarks(on definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet) -> ConfigurationRemarks {
    var remarks = ConfigurationRemarks()
    if let rule = definition.hyperparameter("context_length"), origin(of: rule, in: definition) == nil {
      remarks.noteAssumedContext(hyperparameters, file: "args", folder: folder, isDefaultOfTransformers: false)
    }
    return remarks
  }
}

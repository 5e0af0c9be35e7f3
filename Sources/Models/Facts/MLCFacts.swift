import Architectures
import Bytes
import Encodings
import Formats
import Tensors

/// A folder of MLC with a mlc-chat-config.json.
///
/// Its `model_config` has the members of config.json that MLC needs, some under names of its own, and others that say how the
/// model is run.
struct MLCFacts: ModelFacts {
  static let fileName = "mlc-chat-config.json"

  let folder: ModelFolder?
  /// `model_config` as config.json has its members.
  let config: Configuration
  let quantization: JSON?
  private let huggingFace: HuggingFaceFacts

  /// - Throws: if the file has no `model_config`.
  init(_ checkpoint: Checkpoint, _ folder: ModelFolder?, _ content: (value: JSON, remarks: [String])) throws {
    guard let model = content.value["model_config"]?.object else {
      throw LocatedError(path: checkpoint.path, reason: MLCConfigurationError())
    }
    self.folder = folder
    config = Configuration(Self.configuration(content.value, model))
    quantization = content.value["quantization"]?.string.map { name in
      .members(["quant_method": .string("mlc"), "scheme": .string(name)])
    }
    huggingFace = HuggingFaceFacts(
      checkpoint: checkpoint, folder: folder, config: config, fileRemarks: content.remarks, quantization: quantization)
  }

  var configuration: Configuration? { config }
  var hasExplicitHyperparameters: Bool { true }
  var includesTokenizer: Bool { true }

  func candidates(in library: ArchitectureLibrary) throws -> [ArchitectureDefinition] {
    try huggingFace.candidates(in: library)
  }

  func hyperparameters(
    of definition: ArchitectureDefinition, observed: ArchitectureDefinition.ObservedTensors
  ) throws(HyperparameterError) -> HyperparameterSet {
    try huggingFace.hyperparameters(of: definition, observed: observed)
  }

  func origin(of rule: HyperparameterRule, in definition: ArchitectureDefinition) -> HyperparameterOrigin? {
    huggingFace.origin(of: rule, in: definition)
  }

  func remarks(on definition: ArchitectureDefinition, _ hyperparameters: HyperparameterSet) -> ConfigurationRemarks {
    huggingFace.remarks(on: definition, hyperparameters)
  }

  // MARK: - Members

  /// Members of `model_config` under other names than in config.json.
  private static let renamed: KeyValuePairs = [
    "position_embedding_base": "rope_theta", "context_window_size": "max_position_embeddings",
    "sliding_window_size": "sliding_window",
  ]
  /// Members of `model_config` that say how a model is run.
  private static let runtimeMembers: Set<String> = [
    "prefill_chunk_size", "attention_sink_size", "tensor_parallel_shards", "pipeline_parallel_stages", "max_batch_size",
    "disaggregation", "kwargs", "dtype", "active_vocab_size", "weight_block_size",
  ]
  /// Members next to `model_config` that config.json has.
  private static let tokenMembers = ["bos_token_id", "eos_token_id", "pad_token_id"]

  private static func configuration(_ whole: JSON, _ model: JSON.Object) -> JSON {
    var members = model.filter { !runtimeMembers.contains($0.key.text) && !$0.value.isNull }
    // A text model inside has members of its own.
    if let text = members["text_config"]?.object { members["text_config"] = configuration(.null, text) }
    for (own, name) in renamed {
      guard let value = members.removeValue(forKey: ExactString(own)), members[ExactString(name)] == nil else {
        continue
      }
      // -1 is none. Of a window that is stated, since a class can have one by default.
      if let number = value.real, number > 0 {
        members[ExactString(name)] = value
      } else if name == "sliding_window" {
        members[ExactString(name)] = .null
      }
    }
    if members["model_type"] == nil, let type = whole["model_type"] { members["model_type"] = type }
    for name in tokenMembers where members[ExactString(name)] == nil {
      if let id = whole[name], !id.isNull { members[ExactString(name)] = id }
    }
    return .object(members)
  }
}

/// A mlc-chat-config.json that does not describe a model.
private struct MLCConfigurationError: IngotError {
  var category: ErrorCategory { .input }
  var description: String { "\(MLCFacts.fileName): model_config: expected an object (fetch the file again)" }
}

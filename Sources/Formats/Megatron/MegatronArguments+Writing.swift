import Tensors

extension MegatronSplit {
  /// The object that a rank saves: the state dict, and the arguments that say what is in it.
  ///
  /// Programs that load it read arguments as attributes (`load_args_from_checkpoint`, `check_checkpoint_args` of
  /// megatron/training/checkpointing.py), so they are an `argparse.Namespace` as in saves of training.
  ///
  /// - Parameters:
  ///   - arguments: those that state the hyperparameters.
  ///   - vocabularySize: the rows of the embedding without padding.
  ///   - elementType: torch's name of the type of most values.
  public func object(
    _ arguments: [PyTorchObject.Member], vocabularySize: Int?, contextLength: Int?, elementType: String?
  ) -> PyTorchObject {
    var members = arguments
    for (name, value) in MegatronArguments.required where MegatronArguments.isWritten(name) {
      members.append(PyTorchObject.Member(name, PyTorchObject(value)))
    }
    members += [
      PyTorchObject.Member("num_experts", .none),
      PyTorchObject.Member("rotary_interleaved", .bool(false)),
      // RoPE in place of learned positions, as the loaders of LLaMA in tools/checkpoint state it.
      PyTorchObject.Member("add_position_embedding", .bool(false)),
      PyTorchObject.Member("use_rotary_position_embeddings", .bool(true)),
      PyTorchObject.Member("squared_relu", .bool(false)),
      PyTorchObject.Member("apply_query_key_layer_scaling", .bool(false)),
      PyTorchObject.Member("attention_dropout", .real(0)),
      PyTorchObject.Member("hidden_dropout", .real(0)),
      PyTorchObject.Member("tensor_model_parallel_size", .integer(tensorSize)),
      PyTorchObject.Member("pipeline_model_parallel_size", .integer(stageCount)),
      PyTorchObject.Member("virtual_pipeline_model_parallel_size", .none),
      PyTorchObject.Member("sequence_parallel", .bool(false)),
      PyTorchObject.Member("data_parallel_random_init", .bool(false)),
      PyTorchObject.Member("make_vocab_size_divisible_by", .integer(vocabularyDivisor)),
      PyTorchObject.Member("tokenizer_type", .text("HuggingFaceTokenizer")),
      PyTorchObject.Member("transformer_impl", .text("transformer_engine")),
      PyTorchObject.Member("ckpt_format", .text("torch")),
      PyTorchObject.Member("consumed_train_samples", .integer(0)),
      PyTorchObject.Member("consumed_valid_samples", .integer(0)),
      PyTorchObject.Member("iteration", .integer(Self.iteration)),
      PyTorchObject.Member("bf16", .bool(elementType == "bfloat16")),
      PyTorchObject.Member("fp16", .bool(elementType == "float16")),
      PyTorchObject.Member("params_dtype", .elementType(elementType ?? "float32")),
    ]
    if let contextLength { members.append(PyTorchObject.Member("seq_length", .integer(contextLength))) }
    if let padded = vocabularySize.flatMap(paddedVocabularySize) {
      members.append(PyTorchObject.Member("padded_vocab_size", .integer(padded)))
    }
    return .dictionary([
      PyTorchObject.Member("args", .namespace(members)),
      PyTorchObject.Member("checkpoint_version", .real(Self.checkpointVersion)),
      PyTorchObject.Member("iteration", .integer(Self.iteration)),
      PyTorchObject.Member("model", .stateDict),
    ])
  }
}

extension PyTorchObject {
  /// A single value of metadata; anything else is None.
  public init(_ value: MetadataValue) {
    if case .bool(let flag) = value {
      self = .bool(flag)
    } else if let integer = value.integer {
      self = .integer(integer)
    } else {
      self = value.real.map { .real($0) } ?? value.text.map { .text($0) } ?? .none
    }
  }
}

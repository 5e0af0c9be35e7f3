import Architectures
import Bytes
import Formats
import Models
import Tensors

// Ranks have whole heads, equal shares of the inner width and of the vocabulary, and stages whole layers.

extension PlanDraft {
  /// The most ranks or stages that are asked for; the model's heads and layers allow fewer.
  private static let maximumRankCount = 1 << 16

  /// Adds what keeps the model from being split as the request says.
  mutating func checkPartition() {
    let set = model.hyperparameters
    let heads = ["head_count", "key_value_head_count", "feed_forward_length"]
    switch request.partition {
    case nil: return
    case .modelParallel(let count, _):
      let width = embeddingSplit == .rows ? [] : ["embedding_length"]
      check(
        "--shards", count, divides: heads + ["vocabulary_size"] + width, maximum: ModelParallelSplit.maximumShardCount)
    case .megatron(let split):
      check("--tensor-parallel", split.tensorSize, divides: heads, maximum: Self.maximumRankCount)
      check("--pipeline-parallel", split.stageCount, divides: ["layer_count"], maximum: Self.maximumRankCount)
      check("--make-vocab-size-divisible-by", split.vocabularyDivisor, divides: [], maximum: 1 << 24)
      let (attention, feedForward) = (set.flag("has_attention_bias"), set.flag("has_feed_forward_bias"))
      if attention != feedForward {
        problems.append(PartitionError.someBiases(attention: attention, feedForward: feedForward))
      }
    }
  }

  private mutating func check(_ option: String, _ count: Int, divides names: [String], maximum: Int) {
    guard (1...maximum).contains(count) else {
      return problems.append(PartitionError.outOfRange(option: option, found: count, maximum: maximum))
    }
    let numbers = names.compactMap { name in model.hyperparameters.integer(name).map { (name: name, value: $0) } }
    let others = numbers.filter { $0.value % count != 0 }
    guard !others.isEmpty else { return }
    let least = numbers.map(\.value).filter { $0 > 0 }.min() ?? 1
    let possible = (1...max(1, min(least, maximum))).filter { divisor in
      numbers.allSatisfy { $0.value % divisor == 0 }
    }
    problems.append(PartitionError.indivisible(option: option, count: count, others, possible: possible))
  }

  /// Adds tensors whose format no file of PyTorch has.
  mutating func checkPartitionFormats() {
    guard request.partition != nil, problems.isEmpty else { return }
    for tensor in tensors where !PyTorch.canStore(tensor.format) {
      problems.append(PyTorchLayoutError.unwritableFormat(tensor.name, tensor.format))
    }
  }

  /// The dimension of the embedding that model-parallel shards split: rows where the model has the RoPE of LLaMA 3, whose
  /// programs read it so.
  var embeddingSplit: ModelParallelSplit.Embedding {
    if case .modelParallel(_, let stated?)? = request.partition { return stated }
    if case .llama3 = model.hyperparameters.rotaryScaling { return .rows }
    return model.hyperparameters.real("rotary_base") == Self.llama3RotaryBase ? .rows : .columns
  }

  /// `rope_theta` in `ModelArgs` of meta-llama/llama3.
  private static let llama3RotaryBase = 500_000.0

  /// Adds a copy of a tied embedding as the output matrix: Meta's programs have one, and the last stage of a pipeline,
  /// which has no embedding.
  mutating func addTiedOutput(_ scheme: NamingScheme) {
    let isWanted =
      switch request.partition {
      case nil: false
      case .modelParallel: true
      case .megatron(let split): split.stageCount > 1
      }
    guard isWanted, model.location(TensorSlot(.output)) == nil,
      let rule = model.definition.storedRules(in: scheme).first(where: { $0.roles == [.output] }),
      let reader = tensors.first(where: { $0.purpose.roles == [.tokenEmbedding] })?.reader
    else { return }
    let name = rule.patterns[0].name(layer: nil)
    messages.append(.note("\(name.text.quoted) is a copy of the embedding, to which the model ties it"))
    tensors.append(DraftTensor(name, PlannedTensor.Roles(roles: [.output], layer: nil, instance: nil), reader))
  }

  /// Puts the tensors in the order of the model: the embedding, layer by layer, the rest.
  mutating func orderAsModel() {
    let roles = model.definition.tensors.map(\.role)
    func position(_ tensor: DraftTensor) -> (Int, Int) {
      let role = tensor.purpose.roles.first
      let layer = tensor.purpose.layer ?? (role == .tokenEmbedding ? -1 : .max)
      return (layer, roles.firstIndex { $0 == role } ?? roles.count)
    }
    let ordered = tensors.enumerated().map { (position($1), $0) }.sorted { $0 < $1 }
    tensors = ordered.map { tensors[$0.1] }
  }
}

/// Compares positions, then indices.
private func < (left: ((Int, Int), Int), right: ((Int, Int), Int)) -> Bool {
  left.0 != right.0 ? left.0 < right.0 : left.1 < right.1
}

import Architectures
import Bytes
import Formats
import Models
import Tensors

/// Lays out the PyTorch files of ranks, each with its parts of the tensors.
struct PartitionFiles {
  private(set) var draft: PlanDraft

  init(_ draft: PlanDraft) {
    self.draft = draft
    self.draft.orderAsModel()
  }

  /// The files of all ranks.
  mutating func files(_ partition: ConversionRequest.Partition) throws -> [PlannedFile] {
    switch partition {
    case .modelParallel(let count, _):
      try shards(ModelParallelSplit(shardCount: count, embedding: draft.embeddingSplit))
    case .megatron(let split): try grid(split)
    }
  }

  private mutating func shards(_ split: ModelParallelSplit) throws -> [PlannedFile] {
    if split.shardCount > 1, case .modelParallel(_, nil)? = draft.request.partition {
      let (own, other) = split.embedding == .rows ? ("LLaMA 3", "columns") : ("LLaMA 1 and 2", "rows")
      draft.messages.append(
        .note(
          "the embedding is split by \(split.embedding.rawValue), as programs of \(own) read it (--embedding-split \(other) "
            + "splits it the other way)"))
    }
    return try split.fileNames.enumerated().map { index, name in
      let parts = try draft.tensors.map { tensor in
        try part(split.part(index, of: tensor.planned.declaration), of: tensor, named: tensor.name)
      }
      return try file(name, .stateDict, parts)
    }
  }

  private mutating func grid(_ split: MegatronSplit) throws -> [PlannedFile] {
    let model = draft.model, layerCount = model.hyperparameters.integer("layer_count") ?? 0
    let (arguments, lost) = model.megatronArguments()
    draft.messages += lost.map { .warning("\($0) is lost in the grid: Megatron-LM has no argument for it") }
    let embedding = draft.tensors.first { $0.purpose.roles == [.tokenEmbedding] }
    let matrix = draft.tensors.first { $0.shape.rank > 1 }
    let object = split.object(
      arguments, vocabularySize: embedding?.shape.dimensions.first,
      contextLength: model.hyperparameters.integer("context_length"), elementType: matrix?.format.torchName)
    noteVocabulary(split, embedding)
    return try split.ranks.map { rank in
      var parts: [PlannedTensor] = []
      for tensor in draft.tensors {
        let place = split.place(tensor.name, layerCount: layerCount)
        guard place.stage == rank.stage else { continue }
        let own = try split.part(rank.tensor, of: tensor.planned.declaration)
        parts.append(try part(own, of: tensor, named: place.name))
      }
      return try file(split.fileName(rank), object, parts)
    }
  }

  private mutating func noteVocabulary(_ split: MegatronSplit, _ embedding: DraftTensor?) {
    guard let size = embedding?.shape.dimensions.first, let padded = split.paddedVocabularySize(size), padded > size
    else {
      return
    }
    draft.messages.append(
      .note(
        "the vocabulary has \(counted(padded - size, "padding row")) after its \(size.grouped) (--make-vocab-size-divisible-by)"
      ))
  }

  /// A tensor of a rank: `part` of the whole, or all of it.
  private func part(_ part: TensorPart?, of tensor: DraftTensor, named name: TensorName) throws -> PlannedTensor {
    let whole = tensor.planned
    guard let part, case .rows(let reader) = whole.source else {
      return PlannedTensor(
        name: name, purpose: whole.purpose, source: whole.source, format: whole.format, shape: whole.shape,
        rule: whole.rule)
    }
    do throws(TensorProblem) {
      return PlannedTensor(
        name: name, purpose: whole.purpose, source: .rows(try RowReader(part, of: reader)), format: whole.format,
        shape: part.shape(in: whole.shape), rule: whole.rule)
    } catch {
      throw LocatedError(path: draft.model.checkpoint.path, reason: error)
    }
  }

  private func file(_ name: String, _ object: PyTorchObject, _ tensors: [PlannedTensor]) throws -> PlannedFile {
    let path = Path.join(draft.destination, name)
    do throws(PyTorchLayoutError) {
      let last = Path.name(of: name), stem = String(last[..<(last.lastIndex(of: ".") ?? last.endIndex)])
      let layout = try PyTorch.Layout(object, stem: stem, tensors: tensors.map(\.declaration))
      return PlannedFile(path: path, archive: layout.archive, tensors: tensors, offsets: layout.offsets)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
  }
}

import ArgumentParser
import Ingot

/// The options of splitting a model among the ranks of a program that computes in parallel.
struct PartitionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With --naming meta: write so many model-parallel shards, consolidated.00.pth and so on.", valueName: "count"))
  var shards: Int?

  @Option(
    name: .customLong("embedding-split"),
    help: ArgumentHelp(
      "With --shards: split the embedding by rows (LLaMA 3) or columns. (default: as the RoPE base shows)",
      valueName: "dimension"))
  var embeddingSplit: ModelParallelSplit.Embedding?

  @Option(
    name: .customLong("tensor-parallel"),
    help: ArgumentHelp("With --naming megatron: tensor-parallel ranks of the grid. (default: 1)", valueName: "count"))
  var tensorSize: Int?

  @Option(
    name: .customLong("pipeline-parallel"),
    help: ArgumentHelp("With --naming megatron: pipeline stages of the grid. (default: 1)", valueName: "count"))
  var stageCount: Int?

  @Option(
    name: .customLong("make-vocab-size-divisible-by"),
    help: ArgumentHelp(
      "With --naming megatron: fill the vocabulary up to a multiple of this for each rank. (default: 128)",
      valueName: "count"))
  var vocabularyDivisor: Int?

  /// Throws if an option is given without the scheme that it belongs to.
  func requireFitting(naming: String?) throws {
    if embeddingSplit != nil, shards == nil { throw ValidationError("--embedding-split needs --shards") }
    let options = [
      ("--shards", shards, "meta"), ("--tensor-parallel", tensorSize, "megatron"),
      ("--pipeline-parallel", stageCount, "megatron"),
      ("--make-vocab-size-divisible-by", vocabularyDivisor, "megatron"),
    ]
    for (option, value, scheme) in options where value != nil && naming != scheme {
      throw ValidationError("\(option) needs --naming \(scheme)")
    }
  }

  /// The option that asks for ranks, after `requireFitting`; nil if none does.
  func option(naming: String?) -> String? {
    naming == "megatron" ? "--naming megatron" : shards.map { _ in "--shards" }
  }

  /// What the request asks for; nil without ranks.
  func partition(naming: String?) -> ConversionRequest.Partition? {
    if naming == "megatron" {
      return .megatron(
        MegatronSplit(
          tensorSize: tensorSize ?? 1, stageCount: stageCount ?? 1,
          vocabularyDivisor: vocabularyDivisor ?? MegatronSplit.defaultVocabularyDivisor))
    }
    return shards.map { .modelParallel(shardCount: $0, embedding: embeddingSplit) }
  }
}

extension ModelParallelSplit.Embedding: ExpressibleByArgument {}

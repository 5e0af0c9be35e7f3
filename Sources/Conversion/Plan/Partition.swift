import Formats

extension ConversionRequest {
  /// The ranks of a program that computes in parallel, each with a part of the model in a file of PyTorch.
  public enum Partition: Sendable, Hashable {
    /// Meta's model-parallel shards with params.json. The embedding is split as the model's kind reads it, unless stated.
    case modelParallel(shardCount: Int, embedding: ModelParallelSplit.Embedding?)
    /// A grid of Megatron-LM.
    case megatron(MegatronSplit)

    /// The naming scheme that its rules of splitting refer to.
    public var schemeName: String {
      switch self {
      case .modelParallel: "meta"
      case .megatron: "megatron"
      }
    }
  }
}

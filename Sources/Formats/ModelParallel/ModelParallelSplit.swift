import Tensors

/// A model split into model-parallel shards: the inverse of joining them (`ModelParallelJoiner`).
public struct ModelParallelSplit: Hashable, Sendable {
  /// The dimension of the embedding that is split: columns by LLaMA 1 and 2, rows by LLaMA 3.
  public enum Embedding: String, Sendable, CaseIterable {
    case rows, columns
  }

  /// Names of files have numbers of two digits.
  public static let maximumShardCount = 100

  public let shardCount: Int
  public let embedding: Embedding

  public init(shardCount: Int, embedding: Embedding) {
    self.shardCount = shardCount
    self.embedding = embedding
  }

  /// The names of the files.
  public var fileNames: [String] { (0..<shardCount).map(ModelParallelShards.name) }

  /// The part of `tensor` in shard `index`; nil if each shard has the whole.
  public func part(_ index: Int, of tensor: OutputTensor) throws(SplitError) -> TensorPart? {
    switch ModelParallelJoin(tensor.name.text) {
    case .rows: try share(of: 0, index, tensor)
    case .columns: try share(of: 1, index, tensor)
    case .rowsOrColumns: try share(of: embedding == .rows ? 0 : 1, index, tensor)
    case .replicated: nil
    case .leftOut, nil: throw .noRule(tensor.name)
    }
  }

  private func share(of dimension: Int, _ index: Int, _ tensor: OutputTensor) throws(SplitError) -> TensorPart? {
    let part = try tensor.share(of: dimension, index, of: shardCount) { [index * $0..<(index + 1) * $0] }
    return shardCount == 1 ? nil : part
  }
}

/// The way in which llama-gguf-split divides a GGUF into shards.
public struct GGUFDivision: Sendable, Hashable {
  /// The most that a shard may have.
  public enum Limit: Sendable, Hashable {
    case tensors(Int)
    /// Bytes of tensor data, padding included.
    case bytes(Int)
  }

  /// The contents of the first shard.
  public enum FirstShard: Sendable, Hashable { case tensors, metadataAlone }

  public var limit: Limit
  public var firstShard: FirstShard

  /// The limit of llama-gguf-split where none is given.
  public static let defaultLimit = Limit.tensors(128)

  public init(_ limit: Limit = defaultLimit, firstShard: FirstShard = .tensors) {
    self.limit = limit
    self.firstShard = firstShard
  }
}

/// Assignments of tensors to the files of a set: pure functions of the tensors' sizes.
public enum ShardPlan {
  /// The plan of `split_torch_state_dict_into_shards` of huggingface_hub 2.4.0, by which transformers shards.
  ///
  /// Tensors fill a shard in their order until one does not fit; that one begins the next. A tensor larger than the
  /// limit gets a shard of its own, *before* the one that is being filled, which goes on.
  /// - Returns: For each shard the indices of its tensors; one shard for no tensors.
  public static func safeTensors(byteCounts: [Int], limit: Int) -> [[Int]] {
    var shards: [[Int]] = []
    var current: [Int] = []
    var currentByteCount = 0
    for (index, byteCount) in byteCounts.enumerated() {
      if byteCount > limit {
        shards.append([index])
        continue
      }
      if exceeds(currentByteCount, byteCount, limit) {
        shards.append(current)
        current = []
        currentByteCount = 0
      }
      current.append(index)
      currentByteCount += byteCount
    }
    if !current.isEmpty || shards.isEmpty { shards.append(current) }
    return shards
  }

  /// The plan of `GGUFWriter` of the gguf package, by which `convert_hf_to_gguf.py --split-max-size` splits.
  ///
  /// A shard takes tensors, counted without their padding, until one does not fit and the shard has at least one.
  /// - Returns: For each shard the indices of its tensors; one shard for no tensors.
  public static func gguf(byteCounts: [Int], limit: Int) -> [[Int]] {
    var shards: [[Int]] = [[]]
    var currentByteCount = 0
    for (index, byteCount) in byteCounts.enumerated() {
      if let last = shards.last, !last.isEmpty, exceeds(currentByteCount, byteCount, limit) {
        shards.append([])
        currentByteCount = 0
      }
      shards[shards.count - 1].append(index)
      currentByteCount = currentByteCount &+ byteCount
    }
    return shards
  }

  /// The plan of llama-gguf-split.
  ///
  /// A shard takes so many tensors, or tensors up to a size, each padded to the usual alignment; a tensor larger than that has
  /// a shard of its own. (llama-gguf-split ends with an error if that is the first tensor.)
  /// - Returns: For each shard the indices of its tensors; the first is empty if it has the metadata alone.
  public static func divided(_ division: GGUFDivision, byteCounts: [Int]) -> [[Int]] {
    var shards: [[Int]] = division.firstShard == .metadataAlone ? [[], []] : [[]]
    var currentByteCount = 0
    for (index, byteCount) in byteCounts.enumerated() {
      let padded = byteCount.aligned(to: GGUF.defaultAlignment) ?? byteCount
      let isFull =
        switch division.limit {
        case .tensors(let count): index > 0 && index.isMultiple(of: max(1, count))
        case .bytes(let limit): !shards[shards.count - 1].isEmpty && exceeds(currentByteCount, padded, limit)
        }
      if isFull {
        shards.append([])
        currentByteCount = 0
      }
      shards[shards.count - 1].append(index)
      currentByteCount = currentByteCount &+ padded
    }
    return shards
  }

  private static func exceeds(_ current: Int, _ next: Int, _ limit: Int) -> Bool {
    let (sum, overflow) = current.addingReportingOverflow(next)
    return overflow || sum > limit
  }
}

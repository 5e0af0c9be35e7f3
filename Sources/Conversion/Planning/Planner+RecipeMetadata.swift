import Bytes
import Formats
import Models
import Tensors

extension Planner {
  /// What llama-quantize puts behind the facts about formats: the user's pairs, facts about the importance matrix, and
  /// the number of layers if some are pruned.
  mutating func finishMetadata(_ metadata: inout Metadata) {
    guard recipe != nil else { return }
    let layerCount = recipeFacts([]).layerCount
    for override in request.metadataOverrides { metadata.append(override.key, override.value) }
    if let matrix = request.importance {
      metadata.append("quantize.imatrix.file", .string(ByteString(matrix.path.utf8.cut)))
      if let dataset = matrix.datasets.first {
        metadata.append("quantize.imatrix.dataset", .string(ByteString(dataset.bytes.cut)))
      }
      metadata.append("quantize.imatrix.entries_count", .uint32(UInt32(clamping: matrix.entries.count)))
      if let count = matrix.chunkCount, (1...Int(Int32.max)).contains(count) {
        metadata.append("quantize.imatrix.chunks_count", .uint32(UInt32(count)))
      }
    }
    guard let keptLayerCount else { return }
    let key = "\(metadata["general.architecture"]?.text ?? "").block_count"
    metadata.append(key, .uint32(UInt32(clamping: keptLayerCount)))
    noteListsOfLayers(metadata, layerCount: layerCount)
  }

  /// The files of a split set whose parts hold what the parts of the source hold.
  func filesAsSplit(_ tensors: [PlannedTensor], _ metadata: Metadata) throws -> [PlannedFile] {
    let instances = Dictionary(grouping: tensors) { $0.sources.first?.descriptor.fileIndex ?? 0 }
    let count = max(1, (instances.keys.max() ?? 0) + 1)
    let paths = splitPaths(count: count)
    return try paths.enumerated().map { index, path in
      let pairs =
        count == 1
        ? metadata : GGUF.splitMetadata(metadata, index: index, count: count, tensorCount: tensors.count)
      return try ggufFile(path, instances[index] ?? [], pairs)
    }
  }
}

extension Metadata {
  /// Sets a pair at the end, wherever it stood before.
  fileprivate mutating func append(_ key: String, _ value: MetadataValue) {
    self[key] = nil
    self[key] = value
  }
}

extension Collection<UInt8> {
  /// As much as llama-quantize keeps of a text: 127 bytes, up to the first zero.
  fileprivate var cut: [UInt8] { Array(prefix { $0 != 0 }.prefix(127)) }
}

import Bytes
import Formats
import Models
import Tensors
import Tokenization

extension PlanDraft {
  /// Lays out a GGUF with `metadata`: one file, or a split set.
  mutating func ggufFiles(_ metadata: Metadata) throws -> [PlannedFile] {
    let metadata = finished(metadata)
    try requireProblemFree()
    switch request.split {
    case .merge: break
    case .preserve: return try filesAsSplit(metadata)
    case .divide(let division): return try files(divided: division, metadata)
    case .join:
      let joined = GGUF.dividedMetadata(metadata, index: 0, count: 0, tensorCount: tensors.count)
      return [try ggufFile(destination, tensors, joined)]
    }
    let limit = request.maximumShardByteCount ?? .max
    let shards = ShardPlan.gguf(byteCounts: tensors.map(\.byteCount), limit: limit)
    guard shards.count > 1 else { return [try ggufFile(destination, tensors, metadata)] }
    let paths = splitPaths(count: shards.count)
    return try shards.enumerated().map { index, shard in
      let pairs = GGUF.splitMetadata(metadata, index: index, count: shards.count, tensorCount: tensors.count)
      return try ggufFile(paths[index], shard.map { tensors[$0] }, pairs)
    }
  }

  /// The files of a split set in which each tensor stays in the shard of the source that has it.
  private func filesAsSplit(_ metadata: Metadata) throws -> [PlannedFile] {
    let shards = Dictionary(grouping: tensors) { $0.sources.first?.descriptor.fileIndex ?? 0 }
    let count = max(1, (shards.keys.max() ?? 0) + 1)
    return try splitPaths(count: count).enumerated().map { index, path in
      let pairs =
        count == 1
        ? metadata : GGUF.splitMetadata(metadata, index: index, count: count, tensorCount: tensors.count)
      return try ggufFile(path, shards[index] ?? [], pairs)
    }
  }

  /// The files of a split set as llama-gguf-split divides it.
  private func files(divided division: GGUFDivision, _ metadata: Metadata) throws -> [PlannedFile] {
    let shards = ShardPlan.divided(division, byteCounts: tensors.map(\.byteCount))
    guard shards.count <= Int(UInt16.max) else { throw ConversionError.tooManyShards(shards.count) }
    return try zip(shards, splitPaths(count: shards.count)).enumerated().map { index, shard in
      let pairs = GGUF.dividedMetadata(metadata, index: index, count: shards.count, tensorCount: tensors.count)
      return try ggufFile(shard.1, shard.0.map { tensors[$0] }, pairs)
    }
  }

  /// The numbered names of a split set, in one folder.
  private func splitPaths(count: Int) -> [String] {
    let name = Path.name(of: destination), unpacked = Compression.unpackedName(name)
    let stem = Path.hasEnding(unpacked, ".gguf") ? String(unpacked.dropLast(5)) : unpacked
    let suffix = ".gguf" + name.dropFirst(unpacked.count)
    let folder = Path.folder(of: destination)
    return ShardName(stem: stem, number: 1, count: count, suffix: suffix).all.map { Path.join(folder, $0) }
  }

  private func ggufFile(_ path: String, _ tensors: [DraftTensor], _ metadata: Metadata) throws -> PlannedFile {
    let tensors = tensors.map(\.planned)
    do throws(GGUFError) {
      let layout = try GGUF.Layout(tensors: tensors.map(\.declaration), metadata: metadata)
      return PlannedFile(
        path: path, header: layout.header, byteCount: layout.fileByteCount, tensors: tensors, offsets: layout.offsets,
        compressionLevel: request.compressionLevel)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
  }

  /// The metadata of the source for another GGUF, as llama-quantize keeps it: the two facts about formats are last.
  mutating func sourceMetadata() throws -> Metadata {
    let metadata = try metadataNamingPreTokenizer()
    if request.type.formatRules != nil {
      return metadata.restating(fileType: assignedFileType ?? GGUFFileType.number(ofCopied: model.checkpoint))
    }
    return type.map { metadata.restating(fileType: GGUFFileType.number(of: $0)) } ?? metadata
  }

  /// The metadata of the source with the pre-tokenizer that the user names, or a warning if nobody names one.
  private mutating func metadataNamingPreTokenizer() throws -> Metadata {
    var metadata = model.checkpoint.metadata
    if let name = request.preTokenizer {
      guard Vocabulary.preTokenizerNames.contains(name) else { throw VocabularyError.unknownPreTokenizerName(name) }
      metadata["tokenizer.ggml.pre"] = .string(ByteString(name))
    } else if let conflict = VocabularyConflict.assumedPreTokenizer(in: metadata) {
      messages.append(.warning(conflict.description))
    }
    return metadata
  }

  /// The metadata with the pairs that llama-quantize writes after the facts about formats: the user's, those about the
  /// importance matrix, and the layer count if layers are pruned.
  private mutating func finished(_ metadata: Metadata) -> Metadata {
    var metadata = metadata
    for (key, value) in restatedMetadata where metadata[key] != nil { metadata[key] = value }
    guard let recipeInputs else { return metadata }
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
    guard let keptLayerCount else { return metadata }
    let key = "\(metadata["general.architecture"]?.text ?? "").block_count"
    metadata.append(key, .uint32(UInt32(clamping: keptLayerCount)))
    // As in llama-quantize, lists with a value for each layer are not shortened.
    for (key, value) in metadata.pairs
    where value.array?.count == recipeInputs.layerCount && !key.text.hasPrefix("tokenizer.") {
      messages.append(.warning("\(key.text.quoted) lists a value for each layer and keeps those of the pruned ones"))
    }
    return metadata
  }
}

extension Metadata {
  /// The metadata with the facts about formats last.
  func restating(fileType: UInt32) -> Metadata {
    var metadata = self
    metadata.append("general.quantization_version", .uint32(2))
    metadata.append("general.file_type", .uint32(fileType))
    return metadata
  }

  /// Sets a pair as the last one, also if the key exists.
  fileprivate mutating func append(_ key: String, _ value: MetadataValue) {
    self[key] = nil
    self[key] = value
  }
}

extension Collection<UInt8> {
  /// As much as llama-quantize keeps of a string: 127 bytes, up to the first zero.
  fileprivate var cut: [UInt8] { Array(prefix { $0 != 0 }.prefix(127)) }
}

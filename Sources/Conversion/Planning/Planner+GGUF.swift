import Architectures
import Bytes
import Formats
import Models
import Tensors
import Tokenization

extension Planner {
  /// The files of a GGUF: one, or a split set.
  mutating func ggufFiles(_ tensors: [PlannedTensor], _ type: StorageFormat?) throws -> [PlannedFile] {
    var metadata = try ggufMetadata(tensors, type)
    finishMetadata(&metadata)
    try requireProblemFree()
    if request.keepsSplit { return try filesAsSplit(tensors, metadata) }
    let limit = request.maximumShardByteCount ?? .max
    let shards = ShardPlan.gguf(byteCounts: tensors.map(\.byteCount), limit: limit)
    guard shards.count > 1 else { return [try ggufFile(request.destination, tensors, metadata)] }
    let paths = splitPaths(count: shards.count)
    var files: [PlannedFile] = []
    for (index, shard) in shards.enumerated() {
      let pairs = GGUF.splitMetadata(metadata, index: index, count: shards.count, tensorCount: tensors.count)
      files.append(try ggufFile(paths[index], shard.map { tensors[$0] }, pairs))
    }
    return files
  }

  /// The numbered names of a split set, beside each other.
  func splitPaths(count: Int) -> [String] {
    let name = Path.name(of: request.destination)
    let stem = name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
    let folder = Path.folder(of: request.destination)
    return ShardName(stem: stem, number: 1, count: count, suffix: ".gguf").all.map { Path.join(folder, $0) }
  }

  func ggufFile(_ path: String, _ tensors: [PlannedTensor], _ metadata: Metadata) throws -> PlannedFile {
    do throws(GGUFError) {
      let layout = try GGUF.Layout(tensors: tensors.map(\.declaration), metadata: metadata)
      return PlannedFile(
        path: path, header: layout.header, byteCount: layout.fileByteCount, tensors: tensors, offsets: layout.offsets)
    } catch {
      throw LocatedError(path: path, fact: error)
    }
  }

  /// All metadata of the output, in the reference's order.
  private mutating func ggufMetadata(_ tensors: [PlannedTensor], _ type: StorageFormat?) throws -> Metadata {
    if let metadata = model.facts.ggufMetadata { return copied(metadata, type) }
    let definition = model.definition
    var metadata = Metadata()
    metadata["general.architecture"] = .string(ByteString(definition.ggufArchitecture))
    let statedRotary = model.configuration?.rotary ?? [:]
    for rule in definition.ggufMetadata {
      switch rule {
      case .general: for (key, value) in try generalMetadata(tensors) { metadata[key] = value }
      case .fileType: metadata["general.file_type"] = .uint32(GGUFFileType.number(of: type ?? .f32))
      case .quantizationVersion: metadata["general.quantization_version"] = .uint32(2)
      case .vocabulary: for (key, value) in try vocabularyMetadata().pairs { metadata[key.text] = value }
      case .pair, .rotaryScaling, .longRoPEFactor:
        for (key, value) in definition.metadata(of: rule, model.parameters, statedRotary: statedRotary) {
          metadata[key] = value
        }
      }
    }
    reportLostNumbers()
    return recipe?.fileType.map { metadata.restating(fileType: $0) } ?? metadata
  }

  /// The metadata of a GGUF for another GGUF, as llama-quantize keeps it: the two facts about formats go to the end.
  private func copied(_ metadata: Metadata, _ type: StorageFormat?) -> Metadata {
    if let recipe {
      return metadata.restating(fileType: recipe.fileType ?? GGUFFileType.number(ofCopied: model.checkpoint))
    }
    return type.map { metadata.restating(fileType: GGUFFileType.number(of: $0)) } ?? metadata
  }

  /// Says what the configuration states and a GGUF has no key for.
  private mutating func reportLostNumbers() {
    for lost in model.definition.parametersLostInGGUF(model.parameters) {
      remarks.append(.warning("\(lost.name) \(lost.value) is lost: a GGUF of this architecture has no key for it"))
    }
    for lost in model.parameters.rotaryScaling.lostInGGUF(of: model.definition) {
      remarks.append(.warning("\(lost) is lost: a GGUF of this architecture has no key for it"))
    }
  }

  private mutating func vocabularyMetadata() throws -> Metadata {
    guard let folder = model.folder else { return noVocabulary() }
    let files = try TokenizerFiles(folder.tree)
    guard files.hasVocabulary else { return noVocabulary() }
    do throws(VocabularyError) {
      let read = try Vocabulary.read(
        files, rules: model.vocabularyRules(), vocabularySize: model.parameters.integer("vocabulary_size"),
        preTokenizer: request.preTokenizer)
      remarks += read.conflicts.map { .warning($0.description) }
      return read.vocabulary.metadata()
    } catch {
      throw LocatedError(path: folder.path, fact: error)
    }
  }

  /// What the reference writes for a model without a tokenizer.
  private mutating func noVocabulary() -> Metadata {
    remarks.append(.warning("no tokenizer files were found: the GGUF has no vocabulary, so it takes token ids only"))
    var metadata = Metadata()
    metadata["tokenizer.ggml.model"] = .string("none")
    return metadata
  }
}

extension Metadata {
  /// The metadata with the facts about formats at its end.
  fileprivate func restating(fileType: UInt32) -> Metadata {
    var metadata = self
    metadata["general.quantization_version"] = nil
    metadata["general.file_type"] = nil
    metadata["general.quantization_version"] = .uint32(2)
    metadata["general.file_type"] = .uint32(fileType)
    return metadata
  }
}

import Architectures
import Bytes
import Formats
import Models
import Tensors
import Tokenization

/// Lays out safetensors files, and a model folder with everything that transformers needs next to them.
struct FolderFiles {
  /// Bytes of tensor data in one file of a folder unless the user says otherwise: transformers' 5 GB.
  static let defaultShardByteCount = 5_000_000_000

  /// The draft, with the messages of laying it out.
  private(set) var draft: PlanDraft
  private var model: Model { draft.model }

  init(_ draft: PlanDraft) { self.draft = draft }

  /// The files of a draft that does not become a GGUF.
  mutating func files() throws -> (files: [PlannedFile], sideFiles: [SideFile]) {
    draft.target == .folder ? try folderFiles() : ([try safeTensorsFile(draft.destination, draft.tensors)], [])
  }

  /// The files of a model folder: one or several with tensors, and all others that transformers needs.
  private mutating func folderFiles() throws -> (files: [PlannedFile], sideFiles: [SideFile]) {
    let tensors = draft.tensors, scheme = try draft.scheme()
    let files = try weightFiles()
    var sideFiles = try configurationFiles(scheme, tensors)
    if let name = scheme.hyperparametersFile {
      let members = JSON.object(model.definition.metaMembers(model.hyperparameters))
      draft.messages += model.definition.lostInMeta(model.hyperparameters).map {
        .warning("\($0) is lost: \(name) has no member for it")
      }
      sideFiles.removeAll { Path.name(of: $0.path) == name }
      sideFiles.append(
        SideFile(path: Path.join(draft.destination, name), content: .bytes(members.encoded(.indented))))
    }
    switch draft.request.partition {
    case .modelParallel: break
    case .megatron:
      let (name, content) = MegatronSplit.tracker
      sideFiles.append(SideFile(path: Path.join(draft.destination, name), content: .bytes(content)))
    case nil where files.count > 1:
      sideFiles.append(
        SideFile(
          path: Path.join(draft.destination, "model.safetensors.index.json"),
          content: .bytes(index(files, tensors))))
    case nil: break
    }
    return (files, sideFiles)
  }

  /// The files with tensors.
  private mutating func weightFiles() throws -> [PlannedFile] {
    if let partition = draft.request.partition {
      var ranks = PartitionFiles(draft)
      let files = try ranks.files(partition)
      draft.messages = ranks.draft.messages
      return files
    }
    let tensors = draft.tensors
    let limit = draft.request.maximumShardByteCount ?? Self.defaultShardByteCount
    let shards = ShardPlan.safeTensors(byteCounts: tensors.map(\.byteCount), limit: limit)
    let names = ShardName.names(stem: "model", count: shards.count, suffix: ".safetensors")
    return try zip(names, shards).map { name, shard in
      try safeTensorsFile(Path.join(draft.destination, name), shard.map { tensors[$0] })
    }
  }

  private func safeTensorsFile(_ path: String, _ tensors: [DraftTensor]) throws -> PlannedFile {
    let tensors = tensors.map(\.planned)
    do throws(SafeTensorsError) {
      var layout = try SafeTensors.Layout(
        tensors: tensors.map(\.declaration), metadata: metadata, order: model.isByName ? .given : .package)
      // Bytes of a GGUF are not shared, so the header is the one that the safetensors package writes.
      if draft.keepsLayouts { layout = layout.padded(toShare: tensors.sharedRanges) }
      return PlannedFile(
        path: path, header: layout.header, byteCount: layout.fileByteCount, tensors: tensors, offsets: layout.offsets,
        compressionLevel: draft.request.compressionLevel)
    } catch {
      throw LocatedError(path: path, reason: error)
    }
  }

  /// The metadata of each file: that of the source, and the format that transformers asks for.
  private var metadata: Metadata {
    var metadata = model.checkpoint.safeTensorsMetadata ?? Metadata()
    if !model.isByName, metadata["format"] == nil { metadata["format"] = .string("pt") }
    return metadata
  }

  /// The index of a set.
  private func index(_ files: [PlannedFile], _ tensors: [DraftTensor]) -> [UInt8] {
    SafeTensors.ShardIndex.encoded(
      shardByTensor: files.flatMap { file in file.tensors.map { ($0.name, Path.name(of: file.path)) } },
      totalByteCount: tensors.reduce(0) { $0 + $1.byteCount },
      totalParameterCount: tensors.reduce(0) { $0 + $1.shape.elementCount })
  }

  /// config.json, the tokenizer's files and the other files of the folder.
  private mutating func configurationFiles(_ scheme: NamingScheme, _ tensors: [DraftTensor]) throws -> [SideFile] {
    let isCast = draft.request.type != .automatic
    var elementType = tensors.first { $0.shape.rank > 1 }?.format.torchName
    if model.isByName, !isCast { elementType = nil }
    if let folder = model.folder, let configuration = model.configuration {
      var files = try SideFiles.copied(from: folder, to: draft.destination)
      let edited = SideFiles.configuration(
        configuration, of: model.definition, from: model.scheme, to: scheme, elementType: elementType, isCast: isCast,
        decodes: tensors.contains { $0.planned.composedOf.isEmpty == false },
        predictionLayers: model.predictionLayerCount, messages: &draft.messages)
      files.append(
        SideFile(path: Path.join(draft.destination, "config.json"), content: .bytes(edited)))
      return files
    }
    guard !model.isByName else { return [] }
    return try rebuiltFiles(scheme, elementType)
  }

  /// The files of a folder made of a GGUF (or of tensors with Meta's params.json).
  private mutating func rebuiltFiles(_ scheme: NamingScheme, _ elementType: String?) throws -> [SideFile] {
    var members = model.definition.configurationMembers(model.hyperparameters)
    if draft.tiesOutput, let key = model.definition.hyperparameter("ties_embeddings")?.writtenKey {
      members[ExactString(key)] = .bool(true)
    }
    // Meta's names have no class of their own: the folder says that of the same model under the usual names.
    let named = scheme.className == nil ? model.definition.schemes.first { $0.className != nil } ?? scheme : scheme
    if let name = named.className { members["architectures"] = .array([.string(name)]) }
    if let name = named.modelType { members["model_type"] = .string(name) }
    if let elementType { members["torch_dtype"] = .string(elementType) }
    var files: [SideFile] = []
    func add(_ name: String, _ bytes: [UInt8]) {
      files.append(SideFile(path: Path.join(draft.destination, name), content: .bytes(bytes)))
    }
    if let metadata = model.facts.tokenizerMetadata {
      do throws(VocabularyError) {
        let read = try Vocabulary.read(metadata, preTokenizer: draft.request.preTokenizer)
        draft.messages += read.conflicts.map { .warning($0.description) }
        let vocabulary = read.vocabulary
        for role in [SpecialToken.bos, .eos, .pad] {
          if let id = vocabulary.id(of: role) { members[ExactString(role.configurationKey)] = .integer(id) }
        }
        let classes = model.definition.vocabulary.tokenizerClasses
        let contextLength = model.hyperparameters.integer("context_length")
        for file in try vocabulary.huggingFaceFiles(
          classes: classes, modelType: named.modelType, contextLength: contextLength)
        {
          add(file.name, file.bytes)
        }
      } catch {
        throw LocatedError(path: model.checkpoint.path, reason: error)
      }
    } else {
      let tokenizer = try model.folder.map { try SideFiles.tokenizer(of: $0, to: draft.destination) } ?? []
      if tokenizer.isEmpty {
        draft.messages.append(.warning("the input has no vocabulary, so the folder gets no tokenizer"))
      }
      files += tokenizer
    }
    if let pooling = members.removeValue(forKey: "sentence_transformers")?["pooling_mode"]?.string {
      let length = model.hyperparameters.integer("embedding_length") ?? 0
      for file in SideFiles.modules(poolingMode: pooling, embeddingLength: length) { add(file.path, file.bytes) }
    }
    if let generation = SideFiles.generationConfiguration(model.checkpoint.metadata, tokens: members) {
      add("generation_config.json", generation)
    }
    members["generation_config"] = nil
    members.sort { $0.key < $1.key }
    add("config.json", JSON.object(members).encoded(.indented))
    return files
  }
}

extension [PlannedTensor] {
  /// The byte ranges that an input has with the same bytes.
  fileprivate var sharedRanges: [SafeTensors.SourceRange] {
    enumerated().flatMap { index, tensor in
      tensor.copyRanges.map { run in
        SafeTensors.SourceRange(
          tensorIndex: index, tensorOffset: run.targetOffset, fileOffset: run.source.fileOffset + run.sourceOffset,
          byteCount: run.byteCount)
      }
    }
  }
}

extension StorageFormat {
  /// The name of an element type in PyTorch: `bfloat16`.
  var torchName: String? {
    switch self {
    case .f64: "float64"
    case .f32: "float32"
    case .f16: "float16"
    case .bf16: "bfloat16"
    default: nil
    }
  }
}

extension Model {
  /// The key of config.json for the number of layers that predict more tokens, and that number; nil if the architecture has
  /// no such layers.
  fileprivate var predictionLayerCount: (key: String, count: Int)? {
    guard let key = definition.hyperparameter(PredictionLayersRule.count)?.writtenKey,
      let count = hyperparameters.integer(PredictionLayersRule.count)
    else { return nil }
    return (key, count)
  }
}

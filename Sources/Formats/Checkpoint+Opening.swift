import Bytes
import Tensors

extension Checkpoint {
  /// Opens a checkpoint: a file of any container, any shard of a set, the set's index, or a model folder; files may be
  /// compressed.
  ///
  /// Headers are read and validated whole; no tensor's data is read.
  /// - Throws: `FileError`, `LocatedError` or `ProblemList`, each message naming the file.
  public static func open(_ path: String) throws -> Checkpoint { try open(InputLocation(path)) }

  /// Opens the checkpoint at `location`, as `open(_:)` does with a path.
  public static func open(_ location: InputLocation) throws -> Checkpoint {
    guard let file = location.file else { return try ModelFolder(location).openWeights() }
    return try open(file, in: location.folder)
  }

  /// Opens the checkpoint that `file` is, or belongs to; the other files of a set are in `folder`.
  static func open(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    try unpacked(file, in: folder).notingCompression()
  }

  private static func unpacked(_ file: any ByteSource, in folder: any FileTree) throws -> Checkpoint {
    if try MLC.indexName(of: file.name, in: folder) != nil { return try MLC.open(file, in: folder) }
    if try Megatron.isOpening(file, in: folder) { return try Megatron.open(file, in: folder) }
    if Distributed.isPart(file.name) { return try Distributed.open(file, in: folder) }
    if file.name.hasSuffix(".json") {
      return try (ShardFamily.ofIndex(file.name) ?? SafeTensors.shards).open(index: file, in: folder, path: file.path)
    }
    switch try FormatSniffer.container(of: file) {
    case .safeTensors: return try SafeTensors.shards.open(file, in: folder)
    case .gguf: return try GGUF.open(file, in: folder)
    case .pyTorch: return try PyTorch.open(file, in: folder)
    case .numPy: return try NumPy.open(file, in: folder)
    case .legacyGGML: return try LegacyGGML.open(file, in: folder)
    case .mlc: return try MLC.open(file, in: folder)
    case .distributed: return try Distributed.open(file, in: folder)
    }
  }

  /// Returns the checkpoint with the compression of its files as a fact.
  func notingCompression() -> Checkpoint {
    guard let compression = storedFiles.lazy.compactMap({ ($0 as? UnpackedFile)?.compression }).first else {
      return self
    }
    return replacing(containerFacts: containerFacts.merging(["compression": compression]) { $1 })
  }

  /// Joins the files of a set.
  ///
  /// The keys that only describe how a set is split are omitted: they belong to the files, not to the model.
  init(path: String, container: Container, contents: [ParsedHeader], remarks: [String] = []) {
    var facts = contents.first?.facts ?? [:]
    if contents.count > 1 { facts["fileCount"] = "\(contents.count)" }
    var metadata = contents.first { !$0.metadata.pairs.isEmpty }?.metadata ?? Metadata()
    if container == .gguf {
      for key in [GGUF.splitNumberKey, GGUF.splitCountKey, GGUF.splitTensorCountKey] { metadata[key] = nil }
    }
    let fileRemarks = contents.flatMap { content in
      contents.count > 1
        ? content.remarks.map { "\(content.file.name.escapedForDisplay): \($0)" }
        : content.remarks
    }
    var files: [any ByteSource] = [], tensors: [TensorDescriptor] = []
    for content in contents {
      tensors += content.tensors.map { $0.inFile(files.count + $0.fileIndex) }
      files += [content.file] + content.gathered
    }
    self.init(
      container: container, path: path, files: files, metadata: metadata, tensors: tensors,
      containerFacts: facts, remarks: remarks + fileRemarks)
  }
}

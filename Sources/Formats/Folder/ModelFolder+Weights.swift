import Bytes

extension ModelFolder {
  /// The file from which a folder's weights are opened.
  enum Weights {
    /// An index of shards.
    case index(String, ShardFamily)
    /// A single file, or one shard of its set.
    case file(String)
  }

  /// Finds the weights: in safetensors, otherwise in a GGUF, in the other containers, and at last in PyTorch's.
  ///
  /// Of each that is an index, the file of the usual name, the only file or set.
  ///
  /// - Throws: `ModelFolderError` if there are no weights or several candidates.
  func weights() throws -> Weights {
    let safeTensors = names.filter(SafeTensors.shards.mayHave)
    if let weights = try weights(of: SafeTensors.shards, safeTensors, usualStem: "model") { return weights }
    let gguf = names.filter { Path.hasEnding($0, ".gguf") && !$0.hasPrefix(".") }
    if let file = try onlySet(gguf) { return .file(file) }
    if let archive = try onlySet(names.filter({ Path.hasEnding($0, ".npz") && !$0.hasPrefix(".") })) {
      return .file(archive)
    }
    if let index = MLC.indexNames.first(where: names.contains) { return .file(index) }
    if let list = Distributed.opening(names) { return .file(list) }
    if let file = Megatron.opening(names) { return .file(file) }
    let pickles = names.filter { PyTorch.shards.mayHave($0) && isPyTorch($0) }
    if let weights = try weights(of: PyTorch.shards, pickles, usualStem: "pytorch_model") { return weights }
    throw LocatedError(path: path, reason: try missingWeights())
  }

  /// The weights among the files `candidates` of one family; nil if there are none.
  private func weights(of family: ShardFamily, _ candidates: [String], usualStem: String) throws -> Weights? {
    let indices = names.filter { $0.hasSuffix(family.indexSuffix) && !$0.hasPrefix(".") }
    let usualIndex = usualStem + family.indexSuffix
    if indices.contains(usualIndex) || indices.count == 1 {
      let index = indices.contains(usualIndex) ? usualIndex : indices[0]
      let rival = String(index.dropLast(".index.json".count))
      if candidates.contains(rival) {
        let stored = try SafeTensors.ShardIndex(tree.open(index))
        guard stored.shards.contains(rival) || stored.isStale(in: tree) else { throw several([rival, index]) }
      }
      return .index(index, family)
    }
    guard indices.isEmpty else { throw several(indices) }
    let usual = usualStem + family.suffixes[0]
    return try candidates.contains(usual) ? .file(usual) : onlySet(candidates).map { .file($0) }
  }

  /// The only file or numbered set among `candidates`; nil if there is none.
  private func onlySet(_ candidates: [String]) throws -> String? {
    let sets = Self.sets(candidates)
    guard sets.count <= 1 else { throw several(sets) }
    return sets.first
  }

  private func several(_ names: [String]) -> LocatedError {
    LocatedError(path: path, reason: ModelFolderError.severalWeights(names))
  }

  /// One name for each file or numbered set among `names`.
  private static func sets(_ names: [String]) -> [String] {
    var seen: Set<ExactString> = []
    return names.filter { name in
      if ModelParallelShards.number(name) != nil { return seen.insert("consolidated").inserted }
      guard let shard = ShardName(name) else { return true }
      return seen.insert(ExactString("\(shard.stem)-of-\(shard.count)\(shard.suffix)")).inserted
    }
  }
}

/// An error of finding a folder's weights.
public enum ModelFolderError: IngotError {
  case noWeights
  /// Weights of another program.
  case onlyForeign(ForeignFormat, [String])
  /// Weights in subfolders, which are stages of one pipeline or models of their own.
  case inSubfolders([String], isPipeline: Bool)
  case severalWeights([String])

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .noWeights: "folder has no weights, expected *.safetensors, *.gguf or PyTorch's *.bin"
    case .onlyForeign(let format, let names):
      "folder has only \(format.name) (\(names.quotedList(limit: 4))), which is not read (\(format.nextStep))"
    case .inSubfolders(let names, true):
      "is a diffusers pipeline, expected a model (pass one of its folders: \(names.quotedList(limit: 4)))"
    case .inSubfolders(let names, false):
      "folder has no weights, but its subfolders do (pass one of them: \(names.quotedList(limit: 4)))"
    case .severalWeights(let names): "folder has several weights: \(names.quotedList(limit: 4)) (pass one of them)"
    }
  }
}

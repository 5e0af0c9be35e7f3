import Bytes

extension ModelFolder {
  /// The file from which a folder's weights are opened.
  enum Weights {
    /// An index of safetensors shards.
    case index(String)
    /// A single file, or one shard of its set.
    case file(String)
  }

  /// Finds the weights: an index, `model.safetensors`, the only safetensors file or set, the only GGUF file or set,
  /// the only NumPy archive.
  ///
  /// - Throws: `ModelFolderError` if there are no weights or several candidates.
  func weights() throws -> Weights {
    func failure(_ error: ModelFolderError) -> LocatedError { LocatedError(path: path, reason: error) }
    let safeTensors = names.filter { Path.hasEnding($0, ".safetensors") && !$0.hasPrefix(".") }
    let indices = names.filter { $0.hasSuffix(SafeTensors.ShardIndex.suffix) && !$0.hasPrefix(".") }
    let preferredIndex = "model" + SafeTensors.ShardIndex.suffix
    if indices.contains(preferredIndex) || indices.count == 1 {
      let index = indices.contains(preferredIndex) ? preferredIndex : indices[0]
      let rival = String(index.dropLast(".index.json".count))
      if safeTensors.contains(rival) {
        let stored = try SafeTensors.ShardIndex(tree.open(index))
        guard stored.shards.contains(rival) || stored.isStale(in: tree) else {
          throw failure(.severalWeights([rival, index]))
        }
      }
      return .index(index)
    }
    guard indices.isEmpty else { throw failure(.severalWeights(indices)) }
    if safeTensors.contains("model.safetensors") { return .file("model.safetensors") }
    for candidates in [safeTensors, names.filter { Path.hasEnding($0, ".gguf") && !$0.hasPrefix(".") }] {
      let sets = Self.sets(candidates)
      if sets.count == 1 { return .file(sets[0]) }
      if sets.count > 1 { throw failure(.severalWeights(sets)) }
    }
    let archives = names.filter { Path.hasEnding($0, ".npz") && !$0.hasPrefix(".") }
    if archives.count == 1 { return .file(archives[0]) }
    if archives.count > 1 { throw failure(.severalWeights(archives)) }
    if let index = MLC.indexNames.first(where: names.contains) { return .file(index) }
    throw failure(try missingWeights())
  }

  /// One name for each file or numbered set among `names`.
  private static func sets(_ names: [String]) -> [String] {
    var seen: Set<ExactString> = []
    return names.filter { name in
      guard let shard = ShardName(name) else { return true }
      return seen.insert(ExactString("\(shard.stem)-of-\(shard.count)\(shard.suffix)")).inserted
    }
  }
}

/// An error of finding a folder's weights.
public enum ModelFolderError: IngotError {
  case noWeights
  case onlyPyTorch([String])
  /// Weights of another program.
  case onlyForeign(ForeignFormat, [String])
  /// A LoRA adapter in a pickle.
  case adapterPickle(String)
  /// Weights in subfolders, which are stages of one pipeline or models of their own.
  case inSubfolders([String], isPipeline: Bool)
  case severalWeights([String])

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .noWeights: "folder has no weights, expected *.safetensors or *.gguf"
    case .onlyPyTorch(let names):
      "folder has only PyTorch weights (\(names.quotedList(limit: 4))), which are not read (save the model as safetensors)"
    case .onlyForeign(let format, let names):
      "folder has only \(format.name) (\(names.quotedList(limit: 4))), which is not read (\(format.nextStep))"
    case .adapterPickle(let name):
      "is a LoRA adapter in a pickle (\(name.quoted)), expected a model (pass the model that it was made for)"
    case .inSubfolders(let names, true):
      "is a diffusers pipeline, expected a model (pass one of its folders: \(names.quotedList(limit: 4)))"
    case .inSubfolders(let names, false):
      "folder has no weights, but its subfolders do (pass one of them: \(names.quotedList(limit: 4)))"
    case .severalWeights(let names): "folder has several weights: \(names.quotedList(limit: 4)) (pass one of them)"
    }
  }
}

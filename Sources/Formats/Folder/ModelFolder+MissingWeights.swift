import Bytes

extension ModelFolder {
  private static let pipelineFile = "model_index.json"
  /// Beginnings of names of files that training leaves beside weights.
  private static let trainingFiles = ["training_args", "optimizer", "scheduler", "rng_state", "scaler"]

  /// Why the folder has no weights that can be read.
  func missingWeights() throws -> ModelFolderError {
    let foreign = names.filter { !isOfTraining($0) }.compactMap { name in
      ForeignFormat.named(name).map { (format: $0, name: name) }
    }
    let format = foreign.first?.format
    let subfolders = try foldersWithWeights()
    if names.contains(Self.pipelineFile), !subfolders.isEmpty { return .inSubfolders(subfolders, isPipeline: true) }
    guard let format else { return subfolders.isEmpty ? .noWeights : .inSubfolders(subfolders, isPipeline: false) }
    let found = foreign.filter { $0.format == format }.map(\.name)
    return .onlyForeign(format, found)
  }

  /// Whether the name is one of files that training leaves beside weights.
  private func isOfTraining(_ name: String) -> Bool { Self.trainingFiles.contains { name.hasPrefix($0) } }

  /// Whether a file of this name has a model's weights in one of PyTorch's containers.
  func isPyTorch(_ name: String) -> Bool { !isOfTraining(name) && ForeignFormat.named(name) == .pyTorch }

  /// The subfolders that have safetensors or GGUF files themselves.
  private func foldersWithWeights() throws -> [String] {
    try names.filter { name in
      guard !name.hasPrefix("."), tree.kind(of: name) == .folder else { return false }
      return try tree.names(in: name).contains { file in
        file.hasSuffix(".gguf") || ShardFamily.all.contains { file.hasSuffix($0.suffixes[0]) }
      }
    }
  }
}

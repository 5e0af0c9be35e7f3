import Bytes

extension ModelFolder {
  private static let adapterPickle = "adapter_model.bin", pipelineFile = "model_index.json"
  /// Beginnings of names of files that training leaves beside weights.
  private static let trainingFiles = ["training_args", "optimizer", "scheduler", "rng_state", "scaler"]

  /// Why the folder has no weights that can be read.
  func missingWeights() throws -> ModelFolderError {
    if names.contains(Self.adapterPickle) { return .adapterPickle(Self.adapterPickle) }
    let files = names.filter { name in !Self.trainingFiles.contains { name.hasPrefix($0) } }
    let foreign = files.compactMap { name in ForeignFormat.named(name).map { (format: $0, name: name) } }
    // PyTorch's weights come first: they are what the others were exported from.
    let format = foreign.contains { $0.format == .pyTorch } ? .pyTorch : foreign.first?.format
    let subfolders = try foldersWithWeights()
    if names.contains(Self.pipelineFile), !subfolders.isEmpty { return .inSubfolders(subfolders, isPipeline: true) }
    guard let format else { return subfolders.isEmpty ? .noWeights : .inSubfolders(subfolders, isPipeline: false) }
    let found = foreign.filter { $0.format == format }.map(\.name)
    return format == .pyTorch ? .onlyPyTorch(found) : .onlyForeign(format, found)
  }

  /// The subfolders that have safetensors or GGUF files themselves.
  private func foldersWithWeights() throws -> [String] {
    try names.filter { name in
      guard !name.hasPrefix("."), tree.kind(of: name) == .folder else { return false }
      return try tree.names(in: name).contains { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") }
    }
  }
}

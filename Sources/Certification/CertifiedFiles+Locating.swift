import Bytes
import Formats

extension CertifiedFiles {
  /// A certified file and what is at its place on this machine.
  struct Located {
    /// Nil for a file of the model that the certificate does not have.
    let certified: File?
    let path: String
    /// Nil if the file is missing.
    let source: (any ByteSource)?
  }

  /// Finds the files of the model at `path`.
  ///
  /// A file that is named is that file, under any name. Of a shard set the other files are found by their numbers, and
  /// everything else by name in the folder.
  ///
  /// - Throws: `FileError` if nothing is at `path`.
  func located(at path: String) throws(FileError) -> [Located] {
    let location = try InputLocation(path)
    let folder = location.folder
    guard let given = location.file, !Path.hasEnding(given.path, ".json") else { return try named(in: folder) }
    guard files.count > 1 else { return files.map { Located(certified: $0, path: given.path, source: given) } }
    let weights = files.filter(\.isWeights)
    if weights.count == 1 {
      return try named(in: folder) { $0.isWeights ? given.stored.name : $0.name }
    }
    guard let shard = ShardName(given.stored.name) else {
      return try named(in: folder) + [Located(certified: nil, path: given.path, source: given)]
    }
    return try named(in: folder) { file in
      guard let own = ShardName(file.name), own.count == shard.count else { return file.name }
      return ShardName(stem: shard.stem, number: own.number, count: shard.count, suffix: shard.suffix).text
    }
  }

  /// The files by their names in `folder`, and files of the model there that are not certified.
  private func named(
    in folder: any FileTree, _ localName: (File) -> String = \.name
  ) throws(FileError) -> [Located] {
    var located: [Located] = []
    for file in files {
      let name = localName(file)
      located.append(
        Located(
          certified: file, path: folder.path(of: name), source: try folder.hasFile(name) ? folder.open(name) : nil))
    }
    // A single file may have neighbors that do not belong to it.
    guard files.contains(where: { $0.name == "config.json" }) else { return located }
    let names = Set(files.map(localName))
    for name in try folder.names(in: "") where !names.contains(name) && File.isLoaded(name) && folder.hasFile(name) {
      // The folder lists a compressed file under the name that it has unpacked, unless a plain one has that name.
      guard try !names.contains(folder.open(name).stored.name) else { continue }
      located.append(Located(certified: nil, path: folder.path(of: name), source: nil))
    }
    return located
  }
}

extension CertifiedFiles.File {
  static func isWeights(_ name: String) -> Bool {
    let name = Compression.unpackedName(name)
    return [".safetensors", ".gguf", ".pth", ".pt", ".bin"].contains { Path.hasEnding(name, $0) }
  }
  fileprivate var isWeights: Bool { Self.isWeights(name) }

  /// Files that programs load with a model if they are there.
  private static let loadedNames: Set<String> = [
    "added_tokens.json", "chat_template.jinja", "chat_template.json", "config.json", "generation_config.json",
    "merges.txt", "params.json", "preprocessor_config.json", "qwen.tiktoken", "special_tokens_map.json",
    "spiece.model", "tekken.json", "tiktoken.model", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
    "vocab.json", "vocab.txt",
  ]
  private static let loadedEndings = [".safetensors", ".safetensors.index.json", ".gguf", ".bin", ".pth", ".pt"]

  /// Whether programs load a file of this name with a model.
  fileprivate static func isLoaded(_ name: String) -> Bool {
    !name.hasPrefix(".") && (loadedNames.contains(name) || loadedEndings.contains { Path.hasEnding(name, $0) })
  }
}

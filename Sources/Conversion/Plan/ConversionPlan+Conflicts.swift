import Bytes
import Models

extension ConversionPlan {
  /// Throws if a further file at `path` would replace an input or an output.
  public func requireSeparate(_ path: String) throws {
    if source.isRead(from: path) { throw FileError.isInput(path: path) }
    let written = [destination] + files.map(\.path) + sideFiles.map(\.path)
    guard !written.contains(where: { OutputFolder.isSameEntry($0, path) }) else {
      throw FileError.isOtherOutput(path: path)
    }
  }
}

extension Model {
  /// Whether the file at `path` is one that the model is read from: weights, config.json, tokenizer and the like.
  func isRead(from path: String) -> Bool {
    if checkpoint.storedFiles.contains(where: { $0.isFile(at: path) }) { return true }
    guard let folder, folder.tree.isFolder(at: Path.folder(of: path)) else { return false }
    let name = Path.name(of: path)
    return name == "config.json" && folder.tree.kind(of: name) != nil || SideFiles.belongs(name, in: folder.tree)
  }
}

import Bytes
import Models

extension ConversionPlan {
  /// Throws if a further file at `path` would take the place of an input or of an output.
  public func requireSeparate(_ path: String) throws {
    if source.isRead(from: path) { throw FileError.isInput(path: path) }
    let written = [destination] + files.map(\.path) + sideFiles.map(\.path)
    guard !written.contains(where: { Self.isSameEntry($0, path) }) else { throw FileError.isOtherOutput(path: path) }
  }

  /// Whether two paths, of which nothing need exist, are the same name in the same folder.
  private static func isSameEntry(_ first: String, _ second: String) -> Bool {
    FileSystem.name(of: first) == FileSystem.name(of: second)
      && FileSystem.resolved(FileSystem.folder(of: first)) == FileSystem.resolved(FileSystem.folder(of: second))
  }
}

extension Model {
  /// Whether the file at `path` is one that the model is read from: weights, config.json, tokenizer and the like.
  func isRead(from path: String) -> Bool {
    if checkpoint.files.contains(where: { FileSystem.isSameFile($0.path, path) }) { return true }
    guard let folder, FileSystem.isSameFile(folder.path, FileSystem.folder(of: path)) else { return false }
    let name = FileSystem.name(of: path)
    return name == "config.json" && FileSystem.kind(of: path) != nil || SideFiles.belongs(name, in: folder.path)
  }
}

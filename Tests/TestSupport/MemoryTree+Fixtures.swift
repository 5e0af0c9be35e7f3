import Bytes

extension MemoryTree {
  /// A checkpoint of the fixtures in memory, and as the location that a user would name.
  ///
  /// - Parameter folder: where weights that are kept as rules are made.
  public static func fixture(
    _ path: String, in folder: TemporaryFolder
  ) throws -> (tree: MemoryTree, location: InputLocation) {
    let isFile = path.hasSuffix(".gguf")
    let tree = try MemoryTree(copying: Fixtures.checkpoint(isFile ? Path.folder(of: path) : path, in: folder))
    let file = isFile ? try tree.open(Path.name(of: path)) : nil
    return (tree, InputLocation(folder: tree, file: file))
  }
}

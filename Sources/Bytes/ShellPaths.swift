/// Paths as a shell has them.
public enum ShellPaths {
  /// Paths that begin with `prefix`; folders end with a slash.
  public static func completions(of prefix: String) -> [String] {
    let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    let names = (try? FileSystem.list(folder.isEmpty ? "." : folder)) ?? []
    return names.map { folder + $0 }.filter { $0.hasPrefix(prefix) }
      .map { FileSystem.kind(of: $0) == .folder ? $0 + "/" : $0 }
  }

  /// The name of the folder at `path`; of a path that ends with `.` or `..`, that of the folder that it leads to.
  public static func name(ofFolder path: String) -> String {
    let name = Path.name(of: path)
    return [".", ".."].contains(name) ? Path.name(of: FileSystem.resolved(path)) : name
  }
}

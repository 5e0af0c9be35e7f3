import SystemPackage

/// Paths as text; nothing here asks the file system.
public enum Path {
  /// Returns `folder/name`, or `name` alone where the folder is `.`.
  public static func join(_ folder: String, _ name: String) -> String {
    if folder == "." { return name }
    return isAddress(folder) ? folder + "/" + name : FilePath(folder).appending(name).string
  }

  /// Returns the last component of `path`: `b.gguf` of `a/b.gguf`.
  public static func name(of path: String) -> String {
    if isAddress(path) {
      // Without a query, as signed addresses have.
      let path = path.prefix { $0 != "?" && $0 != "#" }
      return path.split(separator: "/").last.map { String($0) } ?? String(path)
    }
    return FilePath(path).lastComponent?.string ?? path
  }

  /// Whether `path` is an address, whose slashes are not those of a local path.
  private static func isAddress(_ path: String) -> Bool { RemoteAddress.isAddress(path) }

  /// Returns the path within `folder`: `b/c` of `a/b/c` in `a`; nil if it leads elsewhere.
  public static func within(_ folder: String, _ path: String) -> String? {
    var rest = FilePath(path).lexicallyNormalized()
    let prefix = FilePath(folder).lexicallyNormalized()
    guard folder != "." else { return rest.isAbsolute ? nil : rest.string }
    return rest.removePrefix(prefix) && !rest.isEmpty ? rest.string : nil
  }

  /// Whether the name at the end of `path` has this ending (`.gguf`), in upper or lower case.
  public static func hasEnding(_ path: String, _ ending: String) -> Bool {
    path.utf8.count >= ending.utf8.count && path.suffix(ending.count).lowercased() == ending
  }

  /// Returns the folder that contains `path`; `.` for a bare name.
  public static func folder(of path: String) -> String {
    if isAddress(path) { return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path }
    let parent = FilePath(path).removingLastComponent().string
    return parent.isEmpty ? "." : parent
  }
}

import SystemPackage

/// Paths as text; nothing here asks the file system.
///
/// Results have one slash where a path has several, none at their end, and nothing from a zero byte on, where a path ends
/// for the system; addresses keep theirs. Every reader asks for names, so they are cut from the text; `FilePath` would check
/// its invariants.
public enum Path {
  private static let slash = UInt8(ascii: "/")

  /// Returns `folder/name`, or `name` alone where the folder is `.`.
  public static func join(_ folder: String, _ name: String) -> String {
    if folder == "." { return name }
    if RemoteAddress.isAddress(folder) { return folder + "/" + name }
    let folder = normalized(folder), name = normalized(name)
    guard !folder.isEmpty else { return name }
    let rest = name.utf8.first == slash ? name.utf8.dropFirst() : name.utf8[...]
    if rest.isEmpty { return folder }
    return (folder.utf8.last == slash ? folder : folder + "/") + String(Substring(rest))
  }

  /// Returns the last component of `path`: `b.gguf` of `a/b.gguf`.
  public static func name(of path: String) -> String {
    if RemoteAddress.isAddress(path) {
      // Without a query, as signed addresses have.
      let path = path.prefix { $0 != "?" && $0 != "#" }
      return path.split(separator: "/").last.map { String($0) } ?? String(path)
    }
    let whole = normalized(path)
    guard let last = whole.utf8.lastIndex(of: slash) else { return whole.isEmpty ? path : whole }
    let name = whole.utf8[last...].dropFirst()
    return name.isEmpty ? path : String(Substring(name))
  }

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
    if RemoteAddress.isAddress(path) { return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path }
    let whole = normalized(path)
    guard let last = whole.utf8.lastIndex(of: slash) else { return "." }
    return last == whole.startIndex ? "/" : String(Substring(whole.utf8[..<last]))
  }

  private static func normalized(_ path: String) -> String {
    var previous: UInt8 = 0
    let isNormal = path.utf8.allSatisfy { byte in
      defer { previous = byte }
      return byte != 0 && !(byte == slash && previous == slash)
    }
    if isNormal, previous != slash || path.utf8.count == 1 { return path }
    var bytes: [UInt8] = []
    for byte in path.utf8.prefix(while: { $0 != 0 }) where byte != slash || bytes.last != slash { bytes.append(byte) }
    if bytes.count > 1, bytes.last == slash { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

import HTTP

/// The files that a model of the hub has at a revision, as paths in the repository.
package struct HubListing: Sendable {
  /// The commit, 40 hexadecimal digits.
  package let commit: String
  /// Sorted by bytes.
  private let paths: [ExactString]

  /// - Parameter names: paths, of which those that lead out of the repository are left out.
  init(commit: String, names: [String]) {
    self.commit = commit
    // Names of a listing become paths in the cache.
    paths = names.filter(Self.staysInside).map { ExactString($0) }.sorted()
  }

  /// Reads the hub's answer.
  ///
  /// - Throws: `HTTPFault.invalid` if it is none.
  package init(_ answer: [UInt8]) throws(HTTPFault) {
    guard let json = try? JSON(parsing: answer) else { throw .invalid("the hub's list of files is not JSON") }
    guard let commit = json["sha"]?.string, Self.isCommit(commit), let files = json["siblings"]?.array else {
      throw .invalid("the hub's list of files has no commit or no files")
    }
    self.init(commit: commit, names: files.compactMap { $0["rfilename"]?.string })
  }

  /// Commits name folders, so that nothing else may be in them.
  static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private static let slash = UInt8(ascii: "/")

  private static func staysInside(_ path: String) -> Bool {
    !path.utf8.contains(0)
      && !path.utf8.split(separator: slash, omittingEmptySubsequences: false).contains {
        $0.isEmpty || $0.elementsEqual("..".utf8)
      }
  }

  /// The names in `folder`, `""` for the model's own, sorted by bytes.
  package func names(in folder: String) -> [String] {
    let prefix = folder.isEmpty ? "" : folder + "/"
    let inner = paths.lazy.map(\.text.utf8).filter { $0.starts(with: prefix.utf8) }
    let names = Set(
      inner.map { ExactString(String(Substring($0.dropFirst(prefix.utf8.count).prefix { $0 != Self.slash }))) })
    return names.sorted().map(\.text)
  }

  package func kind(of path: String) -> FileKind? {
    if path.isEmpty { return .folder }
    for candidate in paths {
      if candidate == ExactString(path) { return .regular }
      if candidate.text.utf8.starts(with: (path + "/").utf8) { return .folder }
    }
    return nil
  }
}

import Foundation

/// The files of this package, as text.
enum Project {
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  static func path(_ relative: String) -> String { root + "/" + relative }

  /// The Swift files below `folder`, as paths relative to the package.
  static func swiftFiles(under folder: String) throws -> [String] { try files(under: folder, suffix: ".swift") }

  /// The files below `folder` whose names end with `suffix`, as paths relative to the package.
  static func files(under folder: String, suffix: String) throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path(folder))
    return names.filter { $0.hasSuffix(suffix) }.sorted().map { folder + "/" + $0 }
  }

  static func text(of file: String) throws -> String {
    try String(contentsOfFile: path(file), encoding: .utf8)
  }

  /// The modules a file imports.
  static func imports(of file: String) throws -> [String] {
    try text(of: file).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
        words[..<index].allSatisfy({ $0.hasPrefix("@") || ["public", "internal", "private", "package"].contains($0) })
      else { return nil }
      return words[index + 1].split(separator: ".").first.map(String.init)
    }
  }
}

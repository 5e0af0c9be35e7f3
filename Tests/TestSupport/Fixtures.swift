import Bytes

/// Where the committed checkpoints and golden files are.
public enum Fixtures {
  /// The folder of the package.
  private static let package: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  /// `fixtures/` and the components behind it.
  public static func path(_ components: String...) -> String {
    packagePath("fixtures", components.joined(separator: "/"))
  }

  /// The package's folder and the components behind it.
  public static func packagePath(_ components: String...) -> String {
    ([package] + components).joined(separator: "/")
  }
}

extension Fixtures {
  /// The JSON in a committed file.
  public static func json(_ components: String...) throws -> JSON {
    try JSON(
      parsing: try LocalFile(packagePath("fixtures", components.joined(separator: "/"))).wholeContent(limit: 16 << 20))
  }
}

extension Fixtures {
  /// The names of the variants of checkpoints; a test of none of them fails for want of arguments.
  public static let variantNames = (try? FileSystem.list(path("variants"))) ?? []
}

/// Where the committed checkpoints and golden files are.
public enum Fixtures {
  /// The folder `fixtures/` of the package.
  public static let path: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/") + "/fixtures"
  }()

  /// `fixtures/` and the components behind it.
  public static func path(_ components: String...) -> String {
    ([path] + components).joined(separator: "/")
  }
}

/// The name and version of this program in output and in the files it writes.
public enum ToolInfo {
  /// The name.
  public static let name = "ingot"
  /// The version, as in `CHANGELOG.md`.
  public static let version = "0.1.0"
}

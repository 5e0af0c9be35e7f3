/// A file that a conversion reads because an option names it, such as an importance matrix.
public struct InputFile: Sendable, Hashable {
  /// The option: `--imatrix`.
  public let option: String
  /// The path, as the user gave it.
  public let path: String

  public init(_ option: String, _ path: String) {
    self.option = option
    self.path = path
  }
}

/// The digest that an index states for one file of a checkpoint.
public struct FileDigestStatement: Hashable, Sendable {
  /// The index of the file in the checkpoint.
  public let fileIndex: Int
  /// The MD5 of the file, 32 lower-case hexadecimal digits.
  public let md5: String

  public init(fileIndex: Int, md5: String) {
    self.fileIndex = fileIndex
    self.md5 = md5
  }
}
